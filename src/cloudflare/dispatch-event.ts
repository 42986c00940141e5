import { readOptions } from "../util/options.ts";
import type { ErrorListener } from "../util/errors.ts";
import type { SpanEvent } from "../trace/events.ts";
import {
  EventQueue,
  eventQueueLimits,
  QUEUE_OPTIONS,
  type EventQueueLimits,
  type EventQueueOptions,
} from "./event-queue.ts";
import { errorListener } from "./log-error.ts";
import type { WorkflowEvents } from "./workflow-events.ts";

/**
 * Carries an event of a workflow instance to where its stream is kept. A promise that rejects says that the event was
 * refused or could not be delivered in time; {@link WorkflowEventStep} reports that and goes on.
 */
export interface EventDispatcher {
  (instanceId: string, event: SpanEvent): Promise<void>;
  /**
   * Waits until everything that was dispatched for the instance has been delivered or given up; never rejects.
   * Awaited, within a bound, before a sleep or wait begins and before the run ends, because the isolate may go away then.
   */
  readonly flush?: (instanceId: string) => Promise<void>;
}

/** The bounds of a dispatcher. Limits in bytes count the events' JSON. */
export interface DispatchEventOptions extends EventQueueOptions {
  /**
   * Told when events were refused or could not be delivered in time, once per batch.
   * @defaultValue writes to `console.error`
   */
  readonly onError?: ErrorListener;
}

/** What a dispatcher needs of the context it runs in: `this.ctx` of a `WorkflowEntrypoint`. */
export type DispatchContext = Pick<ExecutionContext, "waitUntil">;

/**
 * Delivers every event before the promise it returns resolves. Events dispatched while a call is under way travel
 * together with the next call. A call each time costs a subrequest each time: a Workflow has 50 of them on the free
 * plan, so use {@link batchedDispatchEvent} for all but short runs.
 *
 * @param ctx - `this.ctx` of the Workflow
 * @param namespace - the binding of the {@link WorkflowEvents} object
 * @throws SSETargetError (as a rejection) `invalid-option` at once; `too-many-pending`, `event-too-large`,
 *   `unserializable-data` per event; the call's own error where retrying did not help within `retryForMs`
 */
export function synchronousDispatchEvent<T extends WorkflowEvents>(
  ctx: DispatchContext,
  namespace: DurableObjectNamespace<T>,
  options?: DispatchEventOptions,
): EventDispatcher {
  const queues = new EventQueues("synchronousDispatchEvent", ctx, namespace, 0, options);
  const dispatch = async (instanceId: string, event: SpanEvent): Promise<void> => {
    await queues.of(instanceId).push(event).delivered;
  };
  return Object.assign(dispatch, { flush: (instanceId: string) => queues.flush(instanceId) });
}

/**
 * Gathers events for `batchMs` and delivers them in one call. Per instance one call is under way at a time and the next
 * begins when it has succeeded, so order holds even where calls fail; a call that fails or hangs is made again on a
 * new stub, with backoff and jitter. Nothing is delivered twice, because span events have keys.
 *
 * The promise returned resolves when the event has been queued, and rejects with `too-many-pending` where it could not be.
 *
 * @param ctx - `this.ctx` of the Workflow
 * @param namespace - the binding of the {@link WorkflowEvents} object
 * @param batchMs - how long the first event of a batch waits for company; a full batch and a flush do not wait
 * @throws SSETargetError (as a rejection) `too-many-pending`, `event-too-large`, `unserializable-data` per event
 */
export function batchedDispatchEvent<T extends WorkflowEvents>(
  ctx: DispatchContext,
  namespace: DurableObjectNamespace<T>,
  batchMs = 100,
  options?: DispatchEventOptions,
): EventDispatcher {
  const queues = new EventQueues("batchedDispatchEvent", ctx, namespace, batchMs, options);
  const dispatch = async (instanceId: string, event: SpanEvent): Promise<void> => {
    queues.of(instanceId).push(event);
  };
  return Object.assign(dispatch, { flush: (instanceId: string) => queues.flush(instanceId) });
}

/** The queues of the instances that have something to deliver. */
class EventQueues<T extends WorkflowEvents> {
  readonly #namespace: DurableObjectNamespace<T>;
  readonly #limits: EventQueueLimits;
  readonly #onError: ErrorListener;
  readonly #waitUntil: (promise: Promise<unknown>) => void;
  // A Map and not an object: an instance may be called "constructor".
  readonly #queues = new Map<string, EventQueue>();

  constructor(
    owner: string,
    ctx: DispatchContext,
    namespace: DurableObjectNamespace<T>,
    batchMs: number,
    given?: DispatchEventOptions,
  ) {
    const options = readOptions(owner, given, { ...QUEUE_OPTIONS, onError: true });
    this.#namespace = namespace;
    this.#limits = eventQueueLimits({ ...options, batchMs });
    this.#onError = errorListener(options.onError);
    this.#waitUntil = (promise) => ctx.waitUntil(promise);
  }

  of(instanceId: string): EventQueue {
    const known = this.#queues.get(instanceId);
    if (known !== undefined) return known;
    const queue = new EventQueue(this.#limits, {
      deliver: async (events) => {
        // A new stub for every call: one that has thrown is dead, and to make one costs nothing.
        const stub = this.#namespace.get(this.#namespace.idFromName(instanceId)) as unknown as WorkflowEventsStub;
        await stub.dispatchEvent(events);
      },
      onError: this.#onError,
      onBusy: (promise) => this.#waitUntil(promise),
      onIdle: () => this.#queues.delete(instanceId),
    });
    this.#queues.set(instanceId, queue);
    return queue;
  }

  async flush(instanceId: string): Promise<void> {
    await this.#queues.get(instanceId)?.flush();
  }
}

/** What a stub of {@link WorkflowEvents} looks like from here; its full type sends the compiler in circles. */
interface WorkflowEventsStub {
  dispatchEvent(events: readonly SpanEvent[]): Promise<void>;
}
