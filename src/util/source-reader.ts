import { SSETargetError, type ErrorListener } from "./errors.ts";
import { describeValue } from "./options.ts";

/**
 * What values come from: anything that can be iterated, or a function that makes it. A function is called when the first value is
 * wanted, and given a signal that is aborted when no more are.
 */
export type Source<T> = Iterated<T> | ((signal: AbortSignal) => Iterated<T> | Promise<Iterated<T>>);

/** Async generators, web streams, lists. */
export type Iterated<T> = AsyncIterable<T> | Iterable<T>;

/** What a reader answers when there is nothing more. */
export const DONE: unique symbol = Symbol("done");

/** Whether this can be read from. A string is a value and not a source. */
export function isSource(value: unknown): value is Source<unknown> {
  if (typeof value === "function") return true;
  return typeof value === "object" && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

/**
 * Reads a source one value at a time, when asked. To stop neither waits for the source nor is held up by it: a source that has been
 * stopped gets `return()` and its signal aborted, and what it still does is no longer looked at.
 */
export class SourceReader<T> {
  readonly #source: Source<T>;
  readonly #controller = new AbortController();
  #iterator: AsyncIterator<T> | Iterator<T> | undefined;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(source: Source<T>) {
    this.#source = source;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The next value. Rejects with what the source throws, after which it is over. One call at a time. */
  async next(): Promise<T | typeof DONE> {
    if (this.#isOver) return DONE;
    try {
      return await new Promise<T | typeof DONE>((resolve, reject) => {
        // One promise for each wait, so that a source of many values leaves nothing behind with each.
        this.#wake = () => resolve(DONE);
        this.#advance().then(resolve, reject);
      });
    } catch (error) {
      this.#isOver = true;
      throw error;
    } finally {
      this.#wake = undefined;
    }
  }

  /** Wants no more; a `next` that waits resolves. Idempotent. */
  stop(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller.abort(reason);
    this.#wake?.();
    void this.#return();
  }

  async #advance(): Promise<T | typeof DONE> {
    if (this.#iterator === undefined) {
      const source = this.#source;
      this.#iterator = iteratorOf(typeof source === "function" ? await source(this.signal) : source);
      if (this.#isOver) {
        // Stopped while the source was being made.
        void this.#return();
        return DONE;
      }
    }
    const result: unknown = await this.#iterator.next();
    if (!isResult<T>(result)) {
      throw new TypeError(`a source's iterator answered with ${describeValue(result)}, which is no result`);
    }
    if (result.done !== true) return result.value;
    this.#isOver = true;
    return DONE;
  }

  /** Whatever comes of it, nobody waits for it: a generator that is busy hears of it when it next gives a value. */
  async #return(): Promise<void> {
    const source = this.#source;
    try {
      // One that has not been asked for anything may hold something all the same, as a web stream does.
      if (this.#iterator === undefined && typeof source !== "function") this.#iterator = iteratorOf(source);
      await this.#iterator?.return?.();
    } catch {
      // Nothing was wanted of it any more.
    }
  }
}

/** @throws SSETargetError `invalid-option` */
function iteratorOf<T>(iterated: Iterated<T>): AsyncIterator<T> | Iterator<T> {
  if (typeof iterated !== "object" || iterated === null || !isSource(iterated)) {
    throw new SSETargetError(
      "invalid-option",
      `a source must be something to iterate with \`for await\`, or a function that returns such, got ${describeValue(iterated)}`,
    );
  }
  const { [Symbol.asyncIterator]: isAsync } = iterated as Partial<AsyncIterable<T>>;
  // Either may be there without being a method; an async one goes first, as in `for await`.
  if (isAsync !== undefined && isAsync !== null) return (iterated as AsyncIterable<T>)[Symbol.asyncIterator]();
  return (iterated as Iterable<T>)[Symbol.iterator]();
}

function isResult<T>(result: unknown): result is IteratorResult<T, unknown> {
  return typeof result === "object" && result !== null;
}

/** What to report of a source that fails. */
export interface SourceFailureOptions {
  /**
   * The `message` of the end that clients get. An error itself may hold what is not for them.
   * @defaultValue "The server could not continue."
   */
  readonly errorMessage?: (error: unknown) => string;
  /** Receives the error itself. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

/** What clients read of an error without a message for them. */
const FAILURE_MESSAGE = "The server could not continue.";

/** What clients read of a source's error. Never throws. */
export function failureMessage(
  error: unknown,
  errorMessage: SourceFailureOptions["errorMessage"],
  onError: ErrorListener,
): string {
  try {
    const message: unknown = errorMessage?.(error) ?? FAILURE_MESSAGE;
    if (typeof message === "string") return message;
    // Of an async function: its rejection is not reported as well.
    if (message instanceof Promise) message.catch(() => {});
    throw new SSETargetError("invalid-option", `\`errorMessage\` must return a string, got ${describeValue(message)}`);
  } catch (broken) {
    onError(broken);
    return FAILURE_MESSAGE;
  }
}
