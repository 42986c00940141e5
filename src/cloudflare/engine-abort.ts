/**
 * What the engine throws into `run()` when it stops working on it for now or for good: a pause ("Aborting engine: User
 * called pause"), a grace period that is over, steps called while it rolls back, or the object it lives in being moved.
 * None of them says that a step has failed; `run()` is executed again, or never heard of again.
 */
const ABORT_MESSAGE =
  /^(Aborting engine:|Cannot execute steps during rollback phase|Network connection lost|Durable Object reset|The Durable Object's code has been updated)/;

/** Whether an engine's call was rejected by the engine's own going away, and not by what it was asked to do. */
export function isEngineAbort(error: unknown): error is object {
  if (typeof error !== "object" || error === null) return false;
  const { message, durableObjectReset } = error as {
    readonly message?: unknown;
    readonly durableObjectReset?: unknown;
  };
  return durableObjectReset === true || (typeof message === "string" && ABORT_MESSAGE.test(message));
}
