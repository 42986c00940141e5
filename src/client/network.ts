import { MAX_TIMER_MS, type ResolvedOptions } from "./connect-options.ts";
import { ConnectionError } from "./connection-error.ts";
import type { Host } from "./host.ts";
import { readByFetch } from "./fetch-stream.ts";

/** A connection to the server that is made again and again, for as long as it is wanted. */
export interface Network {
  readonly start: () => void;
  readonly stop: () => void;
  /** Connects anew at once; `false` where it is not running. */
  readonly reconnect: () => boolean;
  /** Something may have changed while nobody looked: does now what it would have done later. */
  readonly check: () => void;
}

export function createNetwork(options: ResolvedOptions, host: Host): Network {
  const { minDelayMs, maxDelayMs, silenceMs, transport = readByFetch } = options;
  /** The try that is under way, or was last; another object each time, so that whoever holds an old one knows that it was given up. */
  let current: AbortController | undefined;
  let failures = 0;
  let retryMs: number | undefined;
  /** When something was heard last, by the monotonic clock and by the system's. */
  let heardAtMs = 0;
  let heardTimeMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** What the timer will do, where it may be done now. */
  let onCheck: (() => void) | undefined;

  async function run(): Promise<void> {
    clearTimeout(timer);
    const controller = (current = new AbortController());
    const { signal } = controller;
    let error: ConnectionError | undefined;
    onCheck = undefined;
    host.onState("connecting", failures);
    try {
      await host.drained();
      signal.throwIfAborted();
      hear();
      // Another transport may not be able to tell a comment from silence.
      if (!options.transport) watch();
      const reading = transport({
        ...host,
        options,
        signal,
        onRetry(delayMs) {
          retryMs = delayMs;
        },
        async onMessages(messages) {
          if (messages[0]) failures = 0;
          host.onMessages(messages);
          // Nothing can be heard while nothing is read.
          heardAtMs = heardTimeMs = Infinity;
          await host.drained();
          hear();
        },
      });
      // Not everything that is waited for knows the signal: a token's function, a `fetch` of the user's own.
      const givenUp = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
      await Promise.race([reading, givenUp]);
    } catch (cause) {
      error =
        cause instanceof ConnectionError
          ? cause
          : new ConnectionError("connection-lost", String(cause), undefined, undefined, cause);
    }
    if (current !== controller) return;
    clearTimeout(timer);
    controller.abort();
    if (error?.code === "connection-lost") {
      delay(error);
    } else {
      current = undefined;
      host.onOver(error);
    }
  }

  function hear(): void {
    heardAtMs = performance.now();
    heardTimeMs = Date.now();
  }

  /** Gives up the try once nothing has been heard for too long. */
  function watch(leftMs = heardAtMs + silenceMs - performance.now()): void {
    clearTimeout(timer);
    // A monotonic clock may stand still while the machine sleeps. The system's does not, but may be set: it counts only when somebody looks again.
    onCheck = () => watch(Math.min(heardAtMs - performance.now(), heardTimeMs - Date.now()) + silenceMs);
    if (leftMs > 0) timer = setTimeout(() => watch(), Math.min(leftMs, silenceMs));
    else current?.abort(new ConnectionError("connection-lost", `silent for ${silenceMs} ms`));
  }

  /** Tries again between once and twice the server's or the user's delay after the first failure, and doubled with each further one. */
  function delay(error: ConnectionError): void {
    const { retryAfterMs = 0 } = error;
    const baseMs = Math.min(retryMs || minDelayMs, maxDelayMs);
    const longestMs = Math.min(maxDelayMs, baseMs * 2 ** ++failures);
    const ownMs = Math.max(baseMs, longestMs * (0.5 + Math.random() / 2));
    const delayMs = Math.min(ownMs + retryAfterMs, MAX_TIMER_MS);
    // What the server has asked for is not cut short.
    onCheck = retryAfterMs ? undefined : run;
    timer = setTimeout(run, delayMs);
    host.onState("waiting", failures, error, Date.now() + delayMs);
  }

  function stop(): void {
    clearTimeout(timer);
    current?.abort();
    current = onCheck = undefined;
  }

  return {
    start: () => void (current ?? run()),
    stop() {
      failures = 0;
      stop();
    },
    reconnect() {
      if (!current) return false;
      stop();
      void run();
      return true;
    },
    check: () => onCheck?.(),
  };
}
