import { withResolvers, within } from "../util/timers.ts";
import { DurableObject } from "cloudflare:workers";
import { EventStream } from "../hub/event-stream.ts";
import { resolveOptions } from "../hub/options.ts";
import { OneStream } from "../hub/stream-hosts.ts";
import type { SpanEvent } from "../trace/events.ts";
import { DurableObjectEventStore } from "./durable-object-event-store.ts";
import { INSTANCE_HEADER, type InstanceState } from "./instance-header.ts";
import {
  followRun,
  type RunState,
  dropOriginalEvents,
  readOriginalEvents,
  renameRoot,
  rootBegunIn,
} from "./run-state.ts";
import {
  workflowEventsSettings,
  type WorkflowEventsOptions,
  type WorkflowEventsSettings,
} from "./workflow-events-options.ts";

/** Things the object has to do later. Kept in its storage, for it may not be in memory then. */
type Deadline = "complete_at" | "delete_at" | "check_abandoned_at";
const DEADLINES: readonly Deadline[] = ["complete_at", "delete_at", "check_abandoned_at"];

/**
 * A Durable Object that keeps the span events of one workflow instance in its SQLite and serves them as a stream.
 * Its name is the instance's id. It must be among `new_sqlite_classes` of the migrations.
 *
 * ```ts
 * export class PurchaseEvents extends WorkflowEvents<Env> {
 *   protected override readonly options = { ttlMs: 7 * 24 * 3_600_000 };
 * }
 * ```
 *
 * The root of an instance's first run has the instance's id as its `spanId`; roots of restarted runs have ids of their own.
 * What `@oselvar/ssetarget` has kept in the object is taken over when the object is first used.
 *
 * `restart()` of an instance is a new tree in the same stream: the root of the old one, if it was still open, is ended as
 * "superseded by a restart", and where the stream had ended it goes on. A client that has left after the end sees the
 * new tree when it connects again. With `restart({ from })` the tree goes on, the steps done again as further attempts.
 *
 * The engine takes the code away without a word when an instance is terminated. Call {@link complete} where you call
 * `terminate()`; else `serveSSE`, given the `workflow` binding, ends the stream when the next client comes.
 */
export class WorkflowEvents<Env extends object = object> extends DurableObject<Env> {
  /** Read when first needed, so a subclass may override it as a field. */
  protected readonly options: WorkflowEventsOptions = {};
  readonly #store = new DurableObjectEventStore<SpanEvent>(this.ctx.storage);
  #checkedSettings: WorkflowEventsSettings | undefined;
  #openStream: EventStream<SpanEvent> | undefined;
  /** Those who wait for the first event. */
  readonly #expectant = new Set<() => void>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const originals = this.#store.isEmpty ? readOriginalEvents(ctx.storage) : [];
    if (originals.length > 0) void ctx.blockConcurrencyWhile(() => this.#adopt(originals));
  }

  /**
   * Stores events in the order given, all or none, and sends them to those who watch. Events whose `key` is known are not
   * stored again.
   *
   * @throws SSETargetError `invalid-event`, `invalid-type`, `reserved-type`, `invalid-key`, `unserializable-data`,
   *   `event-too-large`. Across a stub only the message arrives.
   */
  async dispatchEvent(events: SpanEvent | readonly SpanEvent[]): Promise<void> {
    const batch = Array.isArray(events) ? (events as readonly SpanEvent[]) : [events as SpanEvent];
    const before = this.#run;
    const change = followRun(before, batch, (key) => this.#store.findByKey(key));
    const hasNews = change.events.some(({ key }) => key === undefined || this.#store.findByKey(key) === undefined);
    if (this.#store.isCompleted && (hasNews || change.run?.hasEnded === false)) this.#reopen();
    const firstRoot = this.#store.getMeta("first_root") ?? (before === undefined ? rootBegunIn(batch) : undefined);
    const named = firstRoot === undefined ? change.events : change.events.map((event) => renameRoot(event, firstRoot));
    await this.#stream.dispatchEvents(named);
    this.#store.setMeta("first_root", firstRoot);
    this.#run = change.run;
    for (const resolve of this.#expectant) resolve();
    await this.#afterStoring(batch, hasNews, change.run);
  }

  /** Ends the stream. For runs whose end the object does not hear of: terminated ones, and those without a root span. */
  async complete(): Promise<void> {
    await this.#stream.complete();
    const run = this.#run;
    if (run !== undefined) this.#run = { ...run, hasEnded: true };
    this.#setDeadline("complete_at", undefined);
    this.#setDeadline("check_abandoned_at", undefined);
    const { ttlMs } = this.#settings;
    this.#setDeadline("delete_at", ttlMs === null ? undefined : Date.now() + ttlMs);
    await this.#setAlarm();
  }

  /** Serves the stream, whatever the request's path. Answers 404 where there is nothing, and writes nothing then. */
  override async fetch(request: Request): Promise<Response> {
    const state = request.headers.get(INSTANCE_HEADER) as InstanceState | null;
    if (this.#store.isEmpty && state !== "live") {
      const mayComeYet = state === null && request.method === "GET" && (await this.#firstEvent());
      if (!mayComeYet) return new Response("There are no events of this instance.\n", { status: 404 });
    }
    // The engine has closed the book, and its end was never told here: so it was terminated, or its last words were lost.
    if (state === "ended" && !this.#store.isCompleted && this.#store.getMeta("complete_at") === undefined) {
      this.#setDeadline("complete_at", Date.now() + this.#settings.lingerMs);
      await this.#setAlarm();
    }
    return this.#stream.fetch(request);
  }

  /** Ends the stream, or deletes it, when the time has come. */
  override async alarm(): Promise<void> {
    if (this.#isDue("delete_at") || (this.#isDue("check_abandoned_at") && (await this.#isAbandoned()))) {
      await this.#wipe();
      return;
    }
    if (this.#isDue("complete_at")) await this.complete();
    else await this.#setAlarm();
  }

  /** Takes over what the original has kept here. A run that goes on grows a new tree, for its spans have other ids now. */
  async #adopt(originals: readonly SpanEvent[]): Promise<void> {
    await this.#store.append(originals);
    const { run } = followRun(undefined, originals, () => undefined);
    this.#run = run;
    dropOriginalEvents(this.ctx.storage);
    if (run?.hasEnded === true) await this.complete();
  }

  async #afterStoring(batch: readonly SpanEvent[], hasNews: boolean, run: RunState | undefined): Promise<void> {
    const { completeOnEnd, lingerMs, abandonedAfterMs } = this.#settings;
    if (this.#store.isCompleted) return;
    if (run?.hasEnded === true && completeOnEnd) {
      const isGoodEnd = batch.some(
        (event) => event.type === "ended" && event.spanId === run.spanId && event.status.code === "OK",
      );
      if (isGoodEnd) return this.complete();
      if (hasNews) this.#setDeadline("complete_at", Date.now() + lingerMs);
    } else {
      this.#setDeadline("complete_at", undefined);
    }
    if (abandonedAfterMs !== null && this.#store.getMeta("check_abandoned_at") === undefined) {
      this.#setDeadline("check_abandoned_at", Date.now() + abandonedAfterMs);
    }
    await this.#setAlarm();
  }

  get #settings(): WorkflowEventsSettings {
    this.#checkedSettings ??= workflowEventsSettings(this.options);
    return this.#checkedSettings;
  }

  get #stream(): EventStream<SpanEvent> {
    this.#openStream ??= new EventStream("/", new OneStream("/", this.#store, resolveOptions(this.#settings.target)));
    return this.#openStream;
  }

  get #run(): RunState | undefined {
    const text = this.#store.getMeta("run");
    return text === undefined ? undefined : (JSON.parse(text) as RunState);
  }

  set #run(run: RunState | undefined) {
    this.#store.setMeta("run", run === undefined ? undefined : JSON.stringify(run));
  }

  /** The stream has ended and there is more to come. Those who saw the end are gone; the rest come again. */
  #reopen(): void {
    this.#dropStream();
    this.#store.reopen();
    this.#setDeadline("delete_at", undefined);
  }

  async #wipe(): Promise<void> {
    this.#dropStream();
    await this.ctx.storage.deleteAlarm();
    await this.#store.delete();
  }

  #dropStream(): void {
    const stream = this.#openStream;
    this.#openStream = undefined;
    if (stream !== undefined) this.ctx.waitUntil(stream.close({ reconnectSpreadMs: 0, closeTimeoutMs: 1_000 }));
  }

  /** Whether there is an event within `firstEventGraceMs`. */
  async #firstEvent(): Promise<boolean> {
    const { promise, resolve } = withResolvers();
    this.#expectant.add(resolve);
    await within(promise, this.#settings.firstEventGraceMs, () => {});
    this.#expectant.delete(resolve);
    return !this.#store.isEmpty;
  }

  async #isAbandoned(): Promise<boolean> {
    const { abandonedAfterMs } = this.#settings;
    if (abandonedAfterMs === null || this.#store.isCompleted) return false;
    const { lastId } = await this.#store.bounds();
    const [last] = await this.#store.read(lastId - 1, { maxEvents: 1, maxBytes: 1 });
    const abandonedAt = Date.parse(last?.timestamp ?? "") + abandonedAfterMs;
    if (!(abandonedAt > Date.now())) return true;
    this.#setDeadline("check_abandoned_at", abandonedAt);
    return false;
  }

  #isDue(deadline: Deadline): boolean {
    const at = this.#store.getMeta(deadline);
    return at !== undefined && Number(at) <= Date.now();
  }

  #setDeadline(deadline: Deadline, at: number | undefined): void {
    this.#store.setMeta(deadline, at === undefined ? undefined : String(at));
  }

  /** An object has one alarm: it is set for what comes first. */
  async #setAlarm(): Promise<void> {
    const times = DEADLINES.map((deadline) => this.#store.getMeta(deadline)).filter((at) => at !== undefined);
    const next = times.length === 0 ? null : Math.min(...times.map(Number));
    if (next === (await this.ctx.storage.getAlarm())) return;
    if (next === null) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(next);
  }
}
