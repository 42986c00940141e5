import type { SpanHandle } from "../trace/tracer/handle.ts";
import type { Tracer } from "../trace/tracer/tracer.ts";

/** The tries of one step: each execution of the step's callback is a span of its own below the step's. */
export class StepAttempts {
  readonly #tracer: Tracer;
  readonly #stepSpan: SpanHandle;
  /** Ends the try that is open. */
  #cut: ((error: unknown) => void) | undefined;
  #lastFailure: unknown;

  constructor(tracer: Tracer, stepSpan: SpanHandle) {
    this.#tracer = tracer;
    this.#stepSpan = stepSpan;
  }

  /**
   * Runs one try. Its span's id is a random one, for the engine never replays a callback: if it calls again, it is
   * another try, even where the number is the same (after `restart({ from })`).
   */
  async run<T>(attempt: number, fn: (span: SpanHandle) => Promise<T>): Promise<T> {
    this.cut(new Error("The attempt was given up for another one"));
    const gaveUp = new Promise<never>((_resolve, reject) => {
      this.#cut = reject;
    });
    gaveUp.catch(() => {});
    const { name, spanId } = this.#stepSpan;
    try {
      return await this.#tracer.withSpan({ name, kind: "attempt", attempt, parentSpanId: spanId }, (span) =>
        Promise.race([fn(span), gaveUp]),
      );
    } catch (error) {
      this.#lastFailure = error;
      throw error;
    }
  }

  /** Whether this is how the callback failed, come back from the engine: a copy, of which the message is what remains. */
  haveFailedWith(error: unknown): boolean {
    return error instanceof Error && this.#lastFailure instanceof Error && error.message === this.#lastFailure.message;
  }

  /**
   * The engine no longer waits for the open try: it ran out of time, and its callback may run on for long. Without one
   * open this does nothing.
   */
  cut(error: unknown): void {
    this.#cut?.(error);
    this.#cut = undefined;
  }
}
