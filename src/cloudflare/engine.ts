import type { WorkflowSleepDuration } from "cloudflare:workers";

/** As the engine reckons: a month has 30 days, a year 365.25. */
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["second", 1_000],
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
  ["week", 604_800_000],
  ["month", 2_592_000_000],
  ["year", 31_557_600_000],
]);

/** When a duration that begins now will be over; `undefined` where it is none, which is for the engine to complain about. */
export function deadline(duration: WorkflowSleepDuration | number): Date | undefined {
  const at = new Date(Date.now() + durationMs(duration));
  return Number.isNaN(at.getTime()) ? undefined : at;
}

function durationMs(duration: unknown): number {
  if (typeof duration === "number") return duration;
  const [, amount, unit = ""] = /^([\d.]+) *([a-z]+?)s?$/.exec(String(duration).trim()) ?? [];
  return Number(amount) * (UNIT_MS.get(unit) ?? Number.NaN);
}

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
