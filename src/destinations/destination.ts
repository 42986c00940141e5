import { guarded } from "../util/guard.ts";
import { dataEvent, type DataEvent } from "../event/event.ts";
import { SSETargetError, type ErrorListener, isTooMuch } from "../util/errors.ts";
import { describeValue, readOptions, wholeNumberOption, checkFunction } from "../util/options.ts";
import { checkType } from "../event/check-event.ts";
import { exactJson } from "../util/exact-json.ts";

/** The channels of a destination, by name, each with what it carries. */
export type Channels = Readonly<Record<string, unknown>>;

/** What one sends: the channel becomes the event's type, the payload its data. */
export interface ChannelMessage<C extends Channels, K extends keyof C & string> {
  /** What a page listens to with `addEventListener`. */
  readonly channel: K;
  /** Any JSON value. In the browser `JSON.parse(event.data)` is this. */
  readonly payload: C[K];
}

/** What a workflow is given, and calls `$`. */
export interface WorkflowContext<C extends Channels> {
  readonly send: {
    /**
     * Sends an event to whoever listens to the workflow's stream. Nothing is to be awaited: calls are collected and sent in their
     * order when the workflow has finished.
     *
     * @throws SSETargetError `invalid-type` or `reserved-type` (the channel), `unserializable-data` (the payload), `too-many-pending`
     */
    readonly sse: <K extends keyof C & string>(message: ChannelMessage<C, K>) => void;
  };
}

/** Options of a destination. Absent and `undefined` mean the default. */
export interface DestinationOptions {
  /** Sends each event when it is sent, and not when the workflow has finished. @defaultValue false */
  readonly immediate?: boolean;
  /** Events that wait to be delivered; beyond it `$.send.sse` throws `too-many-pending`. @defaultValue 10_000 */
  readonly maxPendingEvents?: number;
  /** The same in bytes of JSON. @defaultValue 16_777_216 */
  readonly maxPendingBytes?: number;
  /** Hears of events that could not be delivered, which no workflow does. @defaultValue ignored */
  readonly onError?: ErrorListener;
}

/** A run of a workflow that something else runs. */
export interface WorkflowRun<C extends Channels> {
  readonly $: WorkflowContext<C>;
  /** The workflow has finished, however: what was collected is sent, and what still comes is sent at once. Idempotent. */
  readonly finish: () => void;
}

/** Where events go: an `SSEHub`. */
export interface DestinationHub {
  stream(name: string): { dispatchEvents(events: readonly DataEvent[]): Promise<unknown> };
}

/** How many events are stored together at the most. */
const BATCH = 500;
/** Events that an `EventSource` dispatches by itself; a listener could not tell them from those that were sent. */
const OWN_EVENTS = new Set(["open", "error"]);

/**
 * Makes a hub's streams the destination of workflows: each workflow has its stream, on as many channels as it likes.
 *
 * ```ts
 * const hub = new SSEHub("/pipelines/:workflowId/sse", { startAt: { last: 100 } });
 * const destination = createDestination(hub);
 * await destination.run("p_aBcDeF", async ($) => {
 *   $.send.sse({ channel: "events", payload: { name: "Luke Skywalker" } });
 * });
 * ```
 * @throws SSETargetError `invalid-option`
 * @see https://pipedream.com/docs/workflows/data-management/destinations/sse
 */
export function createDestination<C extends Channels = Channels>(
  hub: DestinationHub,
  options?: DestinationOptions,
): Destination<C> {
  return new Destination<C>(hub, options);
}

/** {@link createDestination} */
export class Destination<C extends Channels = Channels> {
  readonly #hub: DestinationHub;
  readonly #immediate: boolean;
  readonly #maxPendingEvents: number;
  readonly #maxPendingBytes: number;
  readonly #onError: ErrorListener;
  /** What is on its way, by workflow: the runs of one are delivered one after the other. */
  readonly #deliveries = new Map<string, Promise<void>>();
  #pendingEvents = 0;
  #pendingBytes = 0;

  constructor(hub: DestinationHub, given?: DestinationOptions) {
    const options = readOptions("createDestination", given, {
      immediate: true,
      maxPendingEvents: true,
      maxPendingBytes: true,
      onError: true,
    });
    if (typeof (hub as DestinationHub | null)?.stream !== "function") {
      throw new SSETargetError("invalid-option", `\`hub\` must be an SSEHub, got ${describeValue(hub)}`);
    }
    checkFunction("onError", options.onError);
    this.#hub = hub;
    this.#immediate = options.immediate === true;
    this.#maxPendingEvents = wholeNumberOption("maxPendingEvents", options.maxPendingEvents, 10_000, 1);
    this.#maxPendingBytes = wholeNumberOption("maxPendingBytes", options.maxPendingBytes, 16 * 1024 * 1024, 1);
    this.#onError = guarded(options.onError);
  }

  /**
   * Runs a workflow, and sends its events when it has finished or failed. Resolves and rejects as the workflow does, without waiting
   * for deliveries; none of them fails it.
   *
   * @throws SSETargetError (as a rejection) `invalid-stream-name`, `invalid-option`
   */
  async run<T>(workflowId: string, workflow: ($: WorkflowContext<C>) => T | Promise<T>): Promise<T> {
    if (typeof workflow !== "function") {
      throw new SSETargetError("invalid-option", `\`workflow\` must be a function, got ${describeValue(workflow)}`);
    }
    const { $, finish } = this.begin(workflowId);
    try {
      return await workflow($);
    } finally {
      finish();
    }
  }

  /**
   * The same for a workflow that something else runs.
   *
   * @throws SSETargetError `invalid-stream-name`
   */
  begin(workflowId: string): WorkflowRun<C> {
    // Looked at once, so that a name that cannot be one is refused before any work is done.
    this.#hub.stream(workflowId);
    let collected: Collected[] | undefined = this.#immediate ? undefined : [];
    const sse = <K extends keyof C & string>(message: ChannelMessage<C, K>): void => {
      const each = this.#admit(message);
      if (collected === undefined) this.#deliver(workflowId, [each]);
      else collected.push(each);
    };
    const finish = (): void => {
      const events = collected ?? [];
      collected = undefined;
      if (events.length > 0) this.#deliver(workflowId, events);
    };
    return { $: { send: { sse } }, finish };
  }

  /** Resolves when everything that is to be delivered has been, or has been reported. For the end of a process, or `waitUntil`. */
  async settled(): Promise<void> {
    while (this.#deliveries.size > 0) await Promise.all(this.#deliveries.values());
  }

  #admit(message: ChannelMessage<C, keyof C & string>): Collected {
    const { channel, payload } = checkMessage(message);
    const json = exactJson(payload, "payload");
    const bytes = json.length;
    if (this.#pendingEvents >= this.#maxPendingEvents || this.#pendingBytes + bytes > this.#maxPendingBytes) {
      throw new SSETargetError(
        "too-many-pending",
        `${this.#pendingEvents} events (${this.#pendingBytes} bytes) wait to be delivered; send fewer, use \`immediate\`, or raise \`maxPendingEvents\` (${this.#maxPendingEvents}) or \`maxPendingBytes\` (${this.#maxPendingBytes})`,
      );
    }
    this.#pendingEvents++;
    this.#pendingBytes += bytes;
    // A copy: what the workflow does with the payload afterwards is not sent.
    return { event: dataEvent(channel, JSON.parse(json) as unknown), bytes };
  }

  #deliver(workflowId: string, collected: readonly Collected[]): void {
    const before = this.#deliveries.get(workflowId) ?? Promise.resolve();
    const delivery = before.then(async () => {
      for (let from = 0; from < collected.length; from += BATCH) {
        const batch = collected.slice(from, from + BATCH);
        await this.#store(
          workflowId,
          batch.map(({ event }) => event),
        );
        this.#pendingEvents -= batch.length;
        for (const { bytes } of batch) this.#pendingBytes -= bytes;
      }
      if (this.#deliveries.get(workflowId) === delivery) this.#deliveries.delete(workflowId);
    });
    this.#deliveries.set(workflowId, delivery);
  }

  /** Never rejects. */
  async #store(workflowId: string, events: readonly DataEvent[]): Promise<void> {
    try {
      await this.#hub.stream(workflowId).dispatchEvents(events);
    } catch (error) {
      if (events.length === 1 || !isTooMuch(error)) {
        this.#onError(error);
        return;
      }
      // One that is refused refuses all that are dispatched with it; and a hub takes only so much at once.
      const half = Math.ceil(events.length / 2);
      await this.#store(workflowId, events.slice(0, half));
      await this.#store(workflowId, events.slice(half));
    }
  }
}

interface Collected {
  readonly event: DataEvent;
  readonly bytes: number;
}

/** @throws SSETargetError `invalid-event`, `invalid-type`, `reserved-type` */
function checkMessage(message: unknown): { channel: string; payload: unknown } {
  if (typeof message !== "object" || message === null) {
    throw new SSETargetError(
      "invalid-event",
      `\`$.send.sse\` takes an object with \`channel\` and \`payload\`, got ${describeValue(message)}`,
    );
  }
  const { channel, payload } = message as { channel?: unknown; payload?: unknown };
  checkType(channel, "`channel`");
  if (OWN_EVENTS.has(channel)) {
    throw new SSETargetError(
      "reserved-type",
      `\`channel\` must not be "${channel}", for a browser's EventSource dispatches an event of that name by itself; choose another name`,
    );
  }
  return { channel, payload };
}
