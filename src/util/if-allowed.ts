/** What the platform gives; undefined where it does not have it, or refuses it by throwing. */
export function ifAllowed<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
