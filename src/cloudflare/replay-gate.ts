import type { SpanEvent } from "../trace/events.ts";
import type { ErrorListener } from "../util/errors.ts";
import { within } from "../util/timers.ts";
import type { EventDispatcher } from "./dispatch-event.ts";

const MAX_HELD_EVENTS = 20_000;

/**
 * Dispatches the events of one execution of `run()`, once it is clear that the execution is real.
 *
 * Before a rollback, the engine executes `run()` dry, only to collect the handlers: steps that never ran answer
 * `undefined` at once and their callbacks are not called, which would leave spans of things that never happened. From
 * inside, that looks like a replay of finished steps, whose events are stored already. So events of both are held until
 * the engine calls a callback or keeps us waiting, neither of which it does in a dry run.
 */
export class ReplayGate {
  readonly #dispatch: EventDispatcher;
  readonly #instanceId: string;
  readonly #flushTimeoutMs: number | null;
  readonly #onError: ErrorListener;
  #held: SpanEvent[] | undefined = [];
  #isAnnounced = false;

  constructor(dispatch: EventDispatcher, instanceId: string, flushTimeoutMs: number | null, onError: ErrorListener) {
    this.#dispatch = dispatch;
    this.#instanceId = instanceId;
    this.#flushTimeoutMs = flushTimeoutMs;
    this.#onError = onError;
  }

  get isOpen(): boolean {
    return this.#held === undefined;
  }

  /** Dispatches the event, or holds it (beyond 20,000 held events, drops it). Undefined if there is nothing to wait for. */
  send(event: SpanEvent): Promise<void> | undefined {
    if (this.#held === undefined) return this.#deliver(event);
    // Twice the steps that an engine allows by default. More are repeats, or code between steps that runs wild.
    if (this.#held.length < MAX_HELD_EVENTS) this.#held.push(event);
    return undefined;
  }

  /** The execution is real: dispatches what was held, in order, and from now on every event at once. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    // Called in order, without waiting in between. One of many failures is enough to report.
    Promise.all(held.map((event) => this.#deliver(event))).catch(this.#onError);
  }

  /** The execution was a dry run: what was held never happened. */
  discard(): void {
    if (this.#held !== undefined) this.#held = [];
  }

  /** Waits until dispatched events have arrived or the timeout has passed. Never rejects. */
  async flush(): Promise<void> {
    const timeoutMs = this.#flushTimeoutMs;
    if (this.#dispatch.flush === undefined || timeoutMs === null) return;
    await within(this.#flushDispatch().catch(this.#onError), timeoutMs, () => {});
  }

  // Async, so that a dispatch that throws rejects.
  async #deliver(event: SpanEvent): Promise<void> {
    const dispatched = this.#dispatch(this.#instanceId, event);
    if (!this.#isAnnounced) {
      // The first events are sent at once, so that a client that connects right after the start finds the run.
      this.#isAnnounced = true;
      this.#flushDispatch().catch(this.#onError);
    }
    return dispatched;
  }

  async #flushDispatch(): Promise<void> {
    await this.#dispatch.flush?.(this.#instanceId);
  }
}
