import { vi } from "vitest";

/** What browsers throw where a page may not have something. */
export function insecure(): never {
  throw new DOMException("The operation is insecure.", "SecurityError");
}

/** One way in which a platform refuses something. */
export type Refusal = readonly [how: string, refuse: () => void];

/** Puts a getter in the place of a property, until all is allowed. */
export function getter(owner: object, name: string, get: () => unknown, set?: () => void): void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { configurable: true, get, set });
  undo.push(() => {
    if (before === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, before);
  });
}

const undo: (() => void)[] = [];

/** Takes back all that was refused. */
export function allowAll(): void {
  for (const restore of undo.splice(0).toReversed()) restore();
  vi.restoreAllMocks();
}

/** Something is not there, or to look at it throws. */
export function refusalsOf(owner: object, name: string): Refusal[] {
  return [
    [`${name} that is absent`, () => getter(owner, name, () => undefined)],
    [`${name} that is null`, () => getter(owner, name, () => null)],
    [`${name} whose getter throws`, () => getter(owner, name, insecure)],
  ];
}

/** The same of a function; or to call it throws. */
export function refusalsToCall(owner: object, name: string): Refusal[] {
  return [
    ...refusalsOf(owner, name),
    // As a function it can be constructed too.
    [
      `${name} that throws`,
      () =>
        getter(
          owner,
          name,
          () =>
            function () {
              insecure();
            },
        ),
    ],
  ];
}

/** The same of an asynchronous function; or it rejects, or says nothing. */
export function refusalsToAwait(owner: object, name: string): Refusal[] {
  return [
    ...refusalsToCall(owner, name),
    [`${name} that rejects`, () => getter(owner, name, () => async () => insecure())],
    [`${name} that never settles`, () => getter(owner, name, () => () => new Promise(() => {}))],
    [`${name} that resolves with nothing`, () => getter(owner, name, () => async () => {})],
  ];
}
