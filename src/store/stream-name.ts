import { SSETargetError } from "../util/errors.ts";
import { isWellFormed } from "../event/event.ts";
import { describeValue } from "../util/options.ts";

/** The largest name of a stream, in UTF-16 code units. */
export const MAX_NAME_LENGTH = 512;

/** Whether this can name a stream: hubs and stores of many streams have the same rule. */
export function isStreamName(name: unknown): name is string {
  return typeof name === "string" && name !== "" && name.length <= MAX_NAME_LENGTH && isWellFormed(name);
}

/** @throws SSETargetError `invalid-stream-name` */
export function checkStreamName(name: unknown): asserts name is string {
  if (isStreamName(name)) return;
  throw new SSETargetError(
    "invalid-stream-name",
    `a stream's name must be a string of 1 to ${MAX_NAME_LENGTH} characters without half a surrogate pair, got ${describeValue(name)}`,
  );
}
