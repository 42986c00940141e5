import type { StoredEvent } from "ssetarget";
import { expect } from "vitest";
import { TestClient, type Door } from "../../support/test-client.ts";
import { until } from "../../support/until.ts";

/** What the tests dispatch. */
export interface Numbered {
  readonly type: "n";
  readonly n: number;
  readonly key?: string;
}

/** A client that comes back with its cursor whenever it is sent away, as a browser does, and keeps what it is told. */
export class Watcher {
  readonly #client: TestClient;
  readonly #timer: ReturnType<typeof setInterval>;
  /** The id of the first event that it is to see, unless it is told of a gap. */
  readonly #begins: number;
  #isConnecting = false;

  constructor(door: Door, path?: string, cursor?: string) {
    this.#client = new TestClient(door, path, cursor);
    this.#begins = Number(cursor?.split(".")[0] ?? 0) + 1;
    this.#comeBack();
    this.#timer = setInterval(() => this.#comeBack(), 20);
  }

  get cursor(): string | undefined {
    this.#client.read();
    return this.#client.cursor;
  }

  /** Why it was told of gaps, in order. */
  get gaps(): readonly string[] {
    return this.#client.gaps.map(({ reason }) => reason);
  }

  /** How often it had to connect. */
  connections = 0;

  leave(): void {
    clearInterval(this.#timer);
    this.#client.disconnect();
  }

  /** The numbers that the client has now, by id; checks that nothing came twice, and that nothing is missing without a gap. */
  get picture(): ReadonlyMap<number, unknown> {
    let picture = new Map<number, unknown>();
    let expected = this.#begins;
    for (const each of this.#client.read().seen) {
      if (each.kind === "gap") {
        if (each.reason === "reset" || each.reason === "unknown-cursor") picture = new Map();
        else expect(each.resumesAt, "a gap goes forward").toBeGreaterThan(expected);
        expected = each.resumesAt;
      } else {
        expect(each.id, "the next event").toBe(expected);
        expected = each.id + 1;
        picture.set(each.id, each.data["n"]);
      }
    }
    return picture;
  }

  /** Waits until the client has exactly these events, and nothing else. */
  async sees(events: readonly StoredEvent<Numbered>[]): Promise<void> {
    const last = events.at(-1);
    await until(() => {
      const { picture } = this;
      return picture.size === events.length && (last === undefined || picture.get(last.id) === last.n);
    }, `a client has ${events.length} events up to ${last?.id} (it has ${this.picture.size})`);
    expect([...this.picture]).toEqual(events.map(({ id, n }) => [id, n]));
  }

  #comeBack(): void {
    if (this.#client.isConnected || this.#isConnecting) return;
    this.#isConnecting = true;
    // Read what the last connection brought before it is replaced.
    this.#client.read();
    this.connections++;
    void this.#client.connect().finally(() => (this.#isConnecting = false));
  }
}

/** Dispatches numbered events until it is stopped, and remembers what became of each. */
export class Writer {
  readonly acknowledged: number[] = [];
  readonly rejected: number[] = [];
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(dispatch: (event: Numbered) => Promise<unknown>, pauseMs = 2) {
    this.#done = this.#run(dispatch, pauseMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  /** Waits until so many more have been acknowledged. */
  async writes(count: number): Promise<void> {
    const from = this.acknowledged.length;
    await until(() => this.acknowledged.length >= from + count, `${count} more events are stored`);
  }

  async #run(dispatch: (event: Numbered) => Promise<unknown>, pauseMs: number): Promise<void> {
    const pending: Promise<unknown>[] = [];
    for (let n = 1; !this.#isStopped; n++) {
      pending.push(
        dispatch({ type: "n", n }).then(
          () => this.acknowledged.push(n),
          () => this.rejected.push(n),
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    await Promise.all(pending);
  }
}

/** Whatever happened: no number twice, and where nothing may be lost, every one that was acknowledged. */
export function expectExactlyOnce(
  events: readonly StoredEvent<Numbered>[],
  acknowledged: readonly number[] = [],
): void {
  const numbers = events.map(({ n }) => n);
  expect(new Set(numbers).size, "no event is stored twice").toBe(numbers.length);
  expect(numbers, "events are in the order in which they were dispatched").toEqual(numbers.toSorted((a, b) => a - b));
  const there = new Set(numbers);
  expect(
    acknowledged.filter((n) => !there.has(n)),
    "acknowledged events that are not there",
  ).toEqual([]);
}
