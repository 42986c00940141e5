import { guarded } from "../util/guard.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { describeValue } from "../util/options.ts";
import { ServerSentEvent } from "./server-sent-event.ts";
import type { ServerSentEventTarget } from "./server-sent-event-target.ts";
import { DONE, SourceReader, type Source } from "./source-reader.ts";

/** What is told where a source fails. */
export interface SourceFailureOptions {
  /**
   * What clients are told of an error of the source, as the `message` of the end. Errors may hold what is not for clients.
   * @defaultValue "The server could not go on."
   */
  readonly errorMessage?: (error: unknown) => string;
  /** Hears of the error itself. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

/** A source that never waits lets everything else in the process have its turn after this time, looked at every so many values. */
const MAX_TURN_MS = 10;
const TURN_VALUES = 64;

/** What clients are told of an error that nobody has put in words for them. */
export const FAILURE_MESSAGE = "The server could not go on.";

/** Sends each value of a source, as fast as the client takes them, and completes the stream. Never rejects. */
export async function sendAll(
  target: ServerSentEventTarget,
  source: Source<unknown>,
  options: SourceFailureOptions,
): Promise<void> {
  const reader = new SourceReader(source);
  const onError = guarded(options.onError);
  const onClose = () => reader.stop(new Error("the client has gone"));
  if (target.closed) {
    onClose();
    return;
  }
  target.addEventListener("close", onClose);
  try {
    let turnStartMs = performance.now();
    for (let count = 1; ; count++) {
      await target.ready;
      if (count % TURN_VALUES === 0 && performance.now() - turnStartMs > MAX_TURN_MS) {
        await new Promise<void>((resolve) => setTimeout(resolve));
        turnStartMs = performance.now();
      }
      const value = await reader.next();
      if (value === DONE) break;
      if (value instanceof ServerSentEvent) target.dispatchEvent(value);
      else target.dispatchMessage(value);
    }
    await target.complete({ reason: "completed" });
  } catch (error) {
    reader.stop(error);
    onError(error);
    await target.complete({ reason: "failed", message: failureMessage(error, options.errorMessage, onError) });
  }
}

/** Never throws. */
export function failureMessage(
  error: unknown,
  errorMessage: SourceFailureOptions["errorMessage"],
  onError: ErrorListener,
): string {
  try {
    const message: unknown = errorMessage?.(error) ?? FAILURE_MESSAGE;
    if (typeof message === "string") return message;
    // Of an async function; that it rejects as well is told to nobody.
    if (message instanceof Promise) message.catch(() => {});
    throw new SSETargetError("invalid-option", `\`errorMessage\` must return a string, got ${describeValue(message)}`);
  } catch (broken) {
    onError(broken);
    return FAILURE_MESSAGE;
  }
}
