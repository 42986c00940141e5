import type { ErrorListener } from "../util/errors.ts";
import type { SpanEvent } from "../trace/events.ts";

const MAX_HELD_EVENTS = 20_000;

/**
 * Holds back what an execution of `run()` says until it is clear that the engine means it.
 *
 * Before a rollback the engine executes `run()` dry, only to collect the handlers: steps that never ran answer
 * `undefined` at once and their callbacks are not called, which would leave spans of things that never happened. From
 * inside, that looks like a replay of finished steps, and what is told about those is stored already. So both are held
 * until the engine calls a callback or keeps us waiting, neither of which it does in a dry run.
 */
export class ReplayGate {
  readonly #deliver: (event: SpanEvent) => Promise<void>;
  readonly #onError: ErrorListener;
  #held: SpanEvent[] | undefined = [];

  constructor(deliver: (event: SpanEvent) => Promise<void>, onError: ErrorListener) {
    this.#deliver = deliver;
    this.#onError = onError;
  }

  get isOpen(): boolean {
    return this.#held === undefined;
  }

  /** Delivers the event, or holds it (of more than 20,000 the rest is dropped); `undefined` where there is nothing to wait for. */
  send(event: SpanEvent): Promise<void> | undefined {
    if (this.#held === undefined) return this.#deliver(event);
    // Twice as many as an engine allows steps by default. Beyond it are repeats, or code between steps that runs wild.
    if (this.#held.length < MAX_HELD_EVENTS) this.#held.push(event);
    return undefined;
  }

  /** It is meant: what was held is delivered, in order, and all that follows as it comes. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    // Called in order, without waiting in between; of many failures one says it all.
    Promise.all(held.map((event) => this.#deliver(event))).catch(this.#onError);
  }

  /** It was a dry run: what was held never happened. */
  discard(): void {
    if (this.#held !== undefined) this.#held = [];
  }
}
