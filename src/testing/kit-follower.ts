import type { StoredEvent } from "../event/event.ts";
import type { AppendNotice, EventLog, LogListener, LogWatch } from "../store/event-log.ts";
import type { KitEvent } from "./conformance-case.ts";
import { eventually, expectEqual, readAfter } from "./expect.ts";

/** Follows a log as a feed does: takes notices that continue what it has, and reads after all others. */
export class KitFollower implements LogListener<KitEvent> {
  readonly events: StoredEvent<KitEvent>[] = [];
  readonly epochs = new Set<string | undefined>();
  /** How often the log notified. */
  notices = 0;
  changes = 0;
  readonly #log: EventLog<KitEvent>;
  #watch: LogWatch | undefined;
  #head = 0;
  #isOpen = false;
  #isBehind = false;
  #reading: Promise<void> = Promise.resolve();

  private constructor(log: EventLog<KitEvent>) {
    this.#log = log;
  }

  /** Starts behind the newest event of the log, which is returned as `after`. */
  static async start(log: EventLog<KitEvent>): Promise<{ readonly follower: KitFollower; readonly after: number }> {
    const follower = new KitFollower(log);
    follower.#watch = await log.watch(follower);
    const { lastId } = await log.bounds();
    follower.#head = lastId;
    follower.#isOpen = true;
    if (follower.#isBehind) follower.#readOn();
    return { follower, after: lastId };
  }

  get ids(): readonly number[] {
    return this.events.map(({ id }) => id);
  }

  appended({ afterId, events, epoch }: AppendNotice<KitEvent>): void {
    this.notices++;
    this.epochs.add(epoch);
    if (this.#isOpen && events !== undefined && afterId <= this.#head) this.#take(events);
    else this.#readOn();
  }

  changed(): void {
    this.notices++;
    this.changes++;
    this.#readOn();
  }

  /** Waits until it has this many events, and fails if it has more. */
  async has(count: number, what: string): Promise<void> {
    await eventually(
      async () => {
        await this.#reading;
        return this.events.length >= count;
      },
      () => `${what}: a follower has ${this.events.length} of ${count} events`,
    );
    expectEqual(this.events.length, count, `${what}: events`);
  }

  close(): void {
    this.#watch?.close();
  }

  #readOn(): void {
    this.#isBehind = true;
    if (!this.#isOpen) return;
    this.#reading = this.#reading.then(async () => {
      if (!this.#isBehind) return;
      this.#isBehind = false;
      this.#take(await readAfter(this.#log, this.#head));
    });
    // A log that is closed in between cannot be read; whoever waits is told by what is missing.
    this.#reading = this.#reading.catch(() => {});
  }

  #take(events: readonly StoredEvent<KitEvent>[]): void {
    for (const event of events) {
      if (event.id <= this.#head) continue;
      this.#head = event.id;
      this.events.push(event);
    }
  }
}
