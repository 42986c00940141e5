import { ageOption, type OptionNames, readOptions, wholeNumberOption } from "../util/options.ts";
import { TARGET_OPTIONS, type SSETargetOptions } from "../hub/options.ts";
import { logError } from "./log-error.ts";

/** How an object of `WorkflowEvents` behaves; override the field `options` in a subclass. */
export interface WorkflowEventsOptions extends SSETargetOptions {
  /**
   * Whether the stream ends when the workflow's root span has ended: at once after a good end, `lingerMs` after a bad
   * one. Clients are then closed and not let in again (204). A restart of the instance opens the stream again.
   * @defaultValue true
   */
  readonly completeOnEnd?: boolean;
  /** How long after a failure, or after a straggler, it must be quiet before the stream ends: rollbacks come late. @defaultValue 5_000 */
  readonly lingerMs?: number;
  /** How long after the stream's end all of it is deleted; `null`: never. @defaultValue null */
  readonly ttlMs?: number | null;
  /**
   * How long after the last event a stream that has not ended is deleted, for runs that were terminated; `null`: never.
   * To be longer than the longest sleep or wait of the workflow. @defaultValue null
   */
  readonly abandonedAfterMs?: number | null;
  /** How long a client waits for the first event of an instance that nobody vouches for, before it gets 404. @defaultValue 5_000 */
  readonly firstEventGraceMs?: number;
}

const OBJECT_OPTIONS: OptionNames<WorkflowEventsOptions> = {
  ...TARGET_OPTIONS,
  completeOnEnd: true,
  lingerMs: true,
  ttlMs: true,
  abandonedAfterMs: true,
  firstEventGraceMs: true,
};

/** The options with their defaults, checked. */
export interface WorkflowEventsSettings {
  readonly completeOnEnd: boolean;
  readonly lingerMs: number;
  readonly ttlMs: number | null;
  readonly abandonedAfterMs: number | null;
  readonly firstEventGraceMs: number;
  /** What is left is the target's. */
  readonly target: SSETargetOptions;
}

/** @throws SSETargetError `invalid-option` */
export function workflowEventsSettings(options: WorkflowEventsOptions): WorkflowEventsSettings {
  const {
    completeOnEnd = true,
    lingerMs,
    ttlMs,
    abandonedAfterMs,
    firstEventGraceMs,
    ...target
  } = readOptions("WorkflowEvents", options, OBJECT_OPTIONS);
  return {
    completeOnEnd,
    lingerMs: wholeNumberOption("lingerMs", lingerMs, 5_000, 0),
    ttlMs: ageOption("ttlMs", ttlMs, null, 0),
    abandonedAfterMs: ageOption("abandonedAfterMs", abandonedAfterMs, null, 0),
    firstEventGraceMs: wholeNumberOption("firstEventGraceMs", firstEventGraceMs, 5_000, 0),
    target: { onError: logError, ...target },
  };
}
