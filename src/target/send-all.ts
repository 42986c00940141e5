import type { ErrorListener } from "../errors.ts";
import { ServerSentEvent } from "./server-sent-event.ts";
import type { ServerSentEventTarget } from "./server-sent-event-target.ts";
import { quiet } from "./sse-target-options.ts";
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

/** What clients are told of an error that nobody has put in words for them. */
export const FAILURE_MESSAGE = "The server could not go on.";

/** Sends each value of a source, as fast as the client takes them, and completes the stream. Never rejects. */
export async function sendAll(
  target: ServerSentEventTarget,
  source: Source<unknown>,
  options: SourceFailureOptions,
): Promise<void> {
  const reader = new SourceReader(source);
  const onError = quiet(options.onError);
  const onClose = () => reader.stop(new Error("the client has gone"));
  if (target.closed) {
    onClose();
    return;
  }
  target.addEventListener("close", onClose);
  try {
    for (;;) {
      await target.ready;
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
    return errorMessage?.(error) ?? FAILURE_MESSAGE;
  } catch (broken) {
    onError(broken);
    return FAILURE_MESSAGE;
  }
}
