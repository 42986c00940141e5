import type { JsonObject, SpanProgress } from "../events.ts";

/** The changes of a span that go out as one. */
export type PendingUpdate = { readonly attributes?: JsonObject; readonly progress?: SpanProgress };

/**
 * Joins the updates of one span, so that at most one goes out per interval: the first at once, then the last values of
 * each interval. A span that is not updated has no timer.
 */
export class UpdateThrottle {
  readonly #intervalMs: number;
  readonly #send: (calls: number, update: PendingUpdate) => void;
  #pending: PendingUpdate | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts calls, not what goes out: it must be the same when the code runs again, and how calls are joined depends on the clock. */
  #calls = 0;

  constructor(intervalMs: number, send: (calls: number, update: PendingUpdate) => void) {
    this.#intervalMs = intervalMs;
    this.#send = send;
  }

  add(attributes: JsonObject, progress: SpanProgress | undefined): void {
    const hasAttributes = Object.keys(attributes).length > 0;
    if (!hasAttributes && progress === undefined) return;
    this.#calls += 1;
    const next: { attributes?: JsonObject; progress?: SpanProgress } = { ...this.#pending };
    if (hasAttributes) next.attributes = { ...next.attributes, ...attributes };
    if (progress !== undefined) next.progress = progress;
    this.#pending = next;
    if (this.#timer === undefined) this.#flush();
  }

  /** Sends what is pending, and leaves no timer behind. */
  close(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sendPending();
  }

  #flush(): void {
    this.#timer = undefined;
    if (!this.#sendPending() || this.#intervalMs === 0) return;
    this.#timer = setTimeout(() => this.#flush(), this.#intervalMs);
  }

  #sendPending(): boolean {
    const pending = this.#pending;
    if (pending === undefined) return false;
    this.#pending = undefined;
    this.#send(this.#calls, pending);
    return true;
  }
}
