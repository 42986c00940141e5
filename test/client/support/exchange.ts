import type { ConnectOptions } from "ssetarget/client";

/** A `fetch` whose answers the test gives, on a clock that the test moves. */
export class Exchange {
  readonly askedAtMs: number[] = [];
  readonly #startMs = Date.now();
  readonly fail = (): never => {
    throw new TypeError("fetch failed");
  };
  answer: (init: { readonly signal: AbortSignal; readonly headers: Headers }) => Response | Promise<Response> =
    this.fail;

  readonly fetch: ConnectOptions["fetch"] = async (_url, init) => {
    this.askedAtMs.push(Date.now() - this.#startMs);
    return this.answer(init);
  };

  /** The delays between requests, in milliseconds. */
  get delaysMs(): number[] {
    return this.askedAtMs.slice(1).map((at, index) => at - (this.askedAtMs[index] ?? 0));
  }
}
