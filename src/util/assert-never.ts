/** The end of a switch over a union: does not compile once a case is missing. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected case: ${String(value)}`);
}
