import { guarded } from "../util/guard.ts";
import { ServerSentEvent } from "./event.ts";
import type { ServerSentEventTarget } from "./target.ts";
import { DONE, failureMessage, SourceReader, type Source, type SourceFailureOptions } from "../util/source-reader.ts";

/** A source that never waits lets everything else in the process have its turn after this time, looked at every so many values. */
const MAX_TURN_MS = 10;
const TURN_VALUES = 64;

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
