import { backoffDelay } from "../util/retry.ts";
import { MAX_TIMER_MS } from "../util/timers.ts";
import type { ResolvedOptions } from "./connect-options.ts";
import { ConnectionError } from "./connection-error.ts";
import type { Host } from "./host.ts";
import { readByFetch } from "./fetch-stream.ts";
import { plainError } from "../util/plain-error.ts";

/** A `retry:` that is shorter than this, in milliseconds, is taken as it is once in so many milliseconds. */
const LOOP_DELAY_MS = 500;
const LOOP_MS = 1_000;

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
  const { transport = readByFetch } = options;
  const idleTimeoutMs = options.idleTimeoutMs ?? MAX_TIMER_MS;
  const { minMs, maxMs } = options.backoff;
  /** The try that is under way, or was last; another object each time, so that whoever holds an old one knows that it was given up. */
  let current: AbortController | undefined;
  let failures = 0;
  /** How often the delay has doubled. */
  let doublings = 0;
  let openedAtMs = Infinity;
  let retryMs: number | undefined;
  /** The server's last word before it closed the connection. */
  let lastWordMs: number | undefined;
  /** When a delay was last shorter than is good in a loop. */
  let hurriedAtMs = -Infinity;
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
    let earlierRetryMs: number | undefined;
    onCheck = undefined;
    openedAtMs = Infinity;
    lastWordMs = undefined;
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
        onState(status, count) {
          if (status === "open") openedAtMs = performance.now();
          host.onState(status, count);
        },
        onRetry(delayMs, isLastWord) {
          if (isLastWord) {
            lastWordMs = delayMs;
            // It is for one try. From then on what the server said before counts again.
            retryMs = earlierRetryMs ?? retryMs;
          } else {
            earlierRetryMs = retryMs;
            retryMs = delayMs;
          }
        },
        async onMessages(messages) {
          if (messages[0]) forgive();
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
      error = cause instanceof ConnectionError ? cause : lost(cause, options.url);
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
  function watch(leftMs = heardAtMs + idleTimeoutMs - performance.now()): void {
    clearTimeout(timer);
    // A monotonic clock may stand still while the machine sleeps. The system's does not, but may be set: it counts only when somebody looks again.
    onCheck = () => watch(Math.min(heardAtMs - performance.now(), heardTimeMs - Date.now()) + idleTimeoutMs);
    if (leftMs > 0) timer = setTimeout(() => watch(), Math.min(leftMs, idleTimeoutMs));
    else current?.abort(new ConnectionError("connection-lost", `silent for ${idleTimeoutMs} ms`));
  }

  /** What has worked makes up for the failures before it. */
  function forgive(): void {
    failures = doublings = 0;
  }

  /**
   * Tries again between once and twice the server's or the user's delay after the first failure, and doubled with each further one. A server that closes
   * in good order has its last word: that delay is taken as it is, and is prolonged only if such connections come to nothing again and again.
   */
  function delay(error: ConnectionError): void {
    const nowMs = performance.now();
    const { retryAfterMs = 0 } = error;
    const leastMs = Math.min(minMs, LOOP_DELAY_MS);
    // An idle stream delivers nothing, and works.
    if (nowMs - openedAtMs >= maxMs) forgive();
    const askedMs = Math.min(lastWordMs ?? retryMs ?? minMs, maxMs);
    let ownMs: number;
    if (lastWordMs === undefined) {
      ownMs = backoffDelay(++doublings, { minMs: Math.max(askedMs, failures && leastMs), maxMs });
    } else ownMs = failures && backoffDelay(doublings++, options.backoff);
    ownMs = Math.max(ownMs, askedMs);
    failures++;
    // A server may want its clients back at once, but not in a loop.
    if (ownMs < leastMs) {
      if (nowMs - hurriedAtMs < LOOP_MS) ownMs = leastMs;
      else hurriedAtMs = nowMs;
    }
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
      forgive();
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

/** Some runtimes repeat the URL in their errors, and somebody's `fetch` may attach the request. */
function lost(thrown: unknown, url: string): ConnectionError {
  const cause = plainError(thrown, url);
  return new ConnectionError("connection-lost", String(cause), undefined, undefined, cause);
}
