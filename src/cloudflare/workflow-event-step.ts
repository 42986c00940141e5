import type {
  WorkflowDelayFunction,
  WorkflowSleepDuration,
  WorkflowStep,
  WorkflowStepConfig,
  WorkflowStepContext,
  WorkflowStepEvent,
  WorkflowTimeoutDuration,
} from "cloudflare:workers";
import type { ErrorListener } from "../util/errors.ts";
import { delayOption, type OptionNames, readOptions } from "../util/options.ts";
import type { SpanEvent } from "../trace/events.ts";
import type { ManualSpan, SpanHandle, SpanOptions } from "../trace/tracer/handle.ts";
import { Tracer, TRACER_OPTIONS } from "../trace/tracer/tracer.ts";
import type { EventDispatcher } from "./dispatch-event.ts";
import { deadline, isEngineAbort } from "./engine.ts";
import { errorListener } from "./log-error.ts";
import { PassThrough } from "./pass-through.ts";
import { ReplayGate } from "./replay-gate.ts";
import { StepAttempts } from "./step-attempts.ts";
import type {
  DelayFunctionConfig,
  ShouldDispatch,
  StepContext,
  StepRollbackOptions,
  WorkflowEventStepOptions,
} from "./step-types.ts";
import { WorkflowSpanIds } from "./workflow-span-ids.ts";

/** The engine's `do`, without its overloads. */
type AnyDo = (name: string, ...args: readonly unknown[]) => Promise<unknown>;
type AnyCallback = (ctx: StepContext) => Promise<unknown>;

/** Steps that this class adds; not shown. */
const EPOCH_STEP = "ssetarget:epoch";
const PROBE_STEP = "ssetarget:live";
/** In a dry run the engine answers at once; this allows for the round trip. */
const DRY_RUN_ANSWER_MS = 2_000;

const { isInterruption: _isInterruption, ...OTHERS } = TRACER_OPTIONS;
const STEP_OPTIONS: OptionNames<WorkflowEventStepOptions> = { ...OTHERS, flushTimeoutMs: true };

/**
 * A `WorkflowStep` that reports what the wrapped one does, as span events.
 *
 * ```ts
 * async run(event: WorkflowEvent<Params>, engineStep: WorkflowStep) {
 *   const dispatch = batchedDispatchEvent(this.ctx, this.env.WORKFLOW_EVENTS);
 *   const step = new WorkflowEventStep(engineStep, event.instanceId, dispatch);
 *   return step.withWorkflow("purchase", async () => {
 *     await step.do("charge", async ({ span }) => { … span.progress(1, 3) … });
 *   });
 * }
 * ```
 *
 * - The engine executes `run()` again after a pause, a long sleep or a crash. Span ids and event keys are the same each
 *   time, so the store has each start and end once. A first step, "ssetarget:epoch", makes that possible. `restart()`
 *   runs it again, which makes a new tree.
 * - Each execution of a step's callback is an `attempt` span below the step's span. It has only the attributes you set.
 * - An engine that pauses or goes away is not a failure: open spans stay open. A dry run before a rollback is not shown.
 *   Rollback handlers are shown, as `rollback` spans.
 * - A dispatch that fails, hangs or is slow never fails the work, and delays it by at most `maxSinkDelayMs` and
 *   `flushTimeoutMs`.
 * - Payloads, outputs and stacks are never sent; error messages are.
 * - Methods and overloads newer than this class are forwarded to the wrapped step, and are not shown.
 */
export class WorkflowEventStep extends PassThrough implements WorkflowStep {
  readonly #step: WorkflowStep;
  readonly #shouldDispatch: ShouldDispatch;
  readonly #onError: ErrorListener;
  readonly #ids = new WorkflowSpanIds();
  readonly #gate: ReplayGate;
  readonly #tracer: Tracer;
  /** For steps that are not shown. */
  readonly #mutedTracer: Tracer;
  /** Errors the engine threw because it stops. By identity: the work can throw an error with the same message. */
  readonly #interruptions = new WeakSet();
  #epoch: Promise<void> | undefined;
  /** Settles when the last sleep or wait was passed to the engine. */
  #turn: Promise<unknown> = Promise.resolve();
  #root: SpanHandle | undefined;

  /**
   * @param step the engine's, as passed to `run()`
   * @param instanceId `event.instanceId`: the trace's id, and the name of the object that stores the events
   * @param dispatch where events go
   * @param shouldDispatch which steps are shown. @defaultValue all
   * @throws SSETargetError `invalid-option`
   */
  constructor(
    step: WorkflowStep,
    instanceId: string,
    dispatch: EventDispatcher,
    shouldDispatch: ShouldDispatch = () => true,
    options?: WorkflowEventStepOptions,
  ) {
    super(step);
    const { flushTimeoutMs, ...given } = readOptions("WorkflowEventStep", options, STEP_OPTIONS);
    const onError = errorListener(given.onError);
    this.#step = step;
    this.#onError = onError;
    this.#shouldDispatch = shouldDispatch;
    this.#gate = new ReplayGate(dispatch, instanceId, delayOption("flushTimeoutMs", flushTimeoutMs, 5_000), onError);
    const isInterruption = (error: unknown): boolean => this.#isInterruption(error);
    // A replay repeats the events: with a known attempt, their keys are the same each time.
    const tracerOptions = { ...given, onError, isInterruption, attempt: 1 };
    this.#tracer = new Tracer((event: SpanEvent) => this.#gate.send(event), instanceId, tracerOptions);
    this.#mutedTracer = new Tracer(() => {}, instanceId, tracerOptions);
  }

  /**
   * Runs the workflow's body in the root span, above the spans of all steps. Call it once per run.
   *
   * `fn` receives the root's span, for spans, logs and progress between steps. That code runs again with every replay;
   * events that it repeats in the same order are stored once.
   */
  async withWorkflow<T>(name: string, fn: (span: SpanHandle) => Promise<T>): Promise<T> {
    const count = this.#ids.count(null, "workflow", name);
    await this.#ready();
    const spanId = this.#ids.id(null, "workflow", name, count);
    // Code between steps runs again with every replay, and reopens the same spans.
    const idBelow = this.#ids.next.bind(this.#ids);
    const root = this.#tracer.startSpan({ name, spanId, kind: "workflow", idBelow });
    this.#root = root;
    let result: T;
    try {
      result = await fn(root);
    } catch (error) {
      // The span stays open if the engine is only stopping; then it is not a dry run.
      if (this.#isInterruption(error) || (await this.#isMeant())) await root.fail(error);
      await this.#gate.flush();
      throw error;
    }
    if (await this.#isMeant()) await root.end();
    await this.#gate.flush();
    return result;
  }

  do<T extends Rpc.Serializable<T>>(
    name: string,
    callback: (ctx: StepContext) => Promise<T>,
    rollbackOptions?: StepRollbackOptions<T>,
  ): Promise<T>;
  do<T extends Rpc.Serializable<T>>(
    name: string,
    config: DelayFunctionConfig,
    callback: (ctx: StepContext<WorkflowDelayFunction>) => Promise<T>,
    rollbackOptions?: StepRollbackOptions<T, WorkflowDelayFunction>,
  ): Promise<T>;
  do<T extends Rpc.Serializable<T>>(
    name: string,
    config: WorkflowStepConfig,
    callback: (ctx: StepContext) => Promise<T>,
    rollbackOptions?: StepRollbackOptions<T>,
  ): Promise<T>;
  async do(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const engineDo: AnyDo = (...all) => (this.#step.do as unknown as AnyDo)(...all);
    const place = args.findIndex((arg) => typeof arg === "function");
    // An invalid call: the engine has the best error message.
    if (place === -1) return engineDo(name, ...args);
    const { span, tracer } = await this.#startSpan({ name, kind: "step" });
    const attempts = new StepAttempts(tracer, span);
    const callback = args[place] as AnyCallback;
    const wrapped = [...args];
    wrapped[place] = async (ctx: WorkflowStepContext) => {
      this.#gate.open();
      return attempts.run(ctx.attempt, (attemptSpan) => callback({ ...ctx, span: attemptSpan }));
    };
    const rollbackOptions = args[place + 1] as StepRollbackOptions | undefined;
    if (typeof rollbackOptions?.rollback === "function") {
      wrapped[place + 1] = { ...rollbackOptions, rollback: this.#wrapRollback(span, tracer, rollbackOptions) };
    }
    return this.#settle(span, () => engineDo(name, ...wrapped), attempts);
  }

  async sleep(name: string, duration: WorkflowSleepDuration): Promise<void> {
    await this.#pass({ name, kind: "sleep", until: deadline(duration) }, () => this.#step.sleep(name, duration));
  }

  async sleepUntil(name: string, timestamp: Date | number): Promise<void> {
    await this.#pass({ name, kind: "sleep", until: timestamp }, () => this.#step.sleepUntil(name, timestamp));
  }

  async waitForEvent<T extends Rpc.Serializable<T>>(
    name: string,
    options: { type: string; timeout?: WorkflowTimeoutDuration | number },
  ): Promise<WorkflowStepEvent<T>> {
    // The engine's default for a wait without a timeout.
    const until = deadline(options?.timeout ?? "24 hours");
    const waitingFor = options?.type;
    return this.#pass({ name, kind: "wait", until, waitingFor }, () => this.#step.waitForEvent<T>(name, options));
  }

  /** A sleep or a wait: the engine may evict the isolate during it. */
  async #pass<T>(options: SpanOptions, call: () => Promise<T>): Promise<T> {
    const { span } = await this.#startSpan(options);
    // The engine distinguishes parallel calls of one name by their order, so none may overtake another.
    const turn = Promise.all([this.#turn, this.#gate.flush()]);
    this.#turn = turn;
    await turn;
    return this.#settle(span, call);
  }

  /** Calls the engine, and ends the span when the call settles. An engine that stops leaves the span open. */
  async #settle<T>(span: ManualSpan, call: () => Promise<T>, attempts?: StepAttempts): Promise<T> {
    const timer = this.#gate.isOpen ? undefined : setTimeout(() => this.#gate.open(), DRY_RUN_ANSWER_MS);
    let result: T;
    try {
      result = await call();
    } catch (error) {
      if (isEngineAbort(error) && attempts?.haveFailedWith(error) !== true) this.#interruptions.add(error);
      else attempts?.cut(error);
      await span.fail(error);
      throw error;
    } finally {
      if (timer !== undefined) clearTimeout(timer);
    }
    await span.end();
    return result;
  }

  /** Counts before it waits: the order of calls decides, not the order of the engine's answers. */
  async #startSpan(options: SpanOptions): Promise<{ readonly span: ManualSpan; readonly tracer: Tracer }> {
    const { name, kind = "internal" } = options;
    const parentSpanId = this.#root?.spanId ?? null;
    const count = this.#ids.count(parentSpanId, kind, name);
    if (!this.#ids.hasEpoch) await this.#ready();
    const tracer = this.#isShown(name) ? this.#tracer : this.#mutedTracer;
    const spanId = this.#ids.id(parentSpanId, kind, name, count);
    return { span: tracer.startSpan({ ...options, parentSpanId, spanId }), tracer };
  }

  #wrapRollback(step: SpanHandle, tracer: Tracer, options: StepRollbackOptions): StepRollbackOptions["rollback"] {
    const { name, parentSpanId, spanId } = step;
    let attempt = 0;
    return async (ctx) => {
      // The real rollback: events held until now came from the dry run before it.
      this.#gate.discard();
      this.#gate.open();
      attempt++;
      const rollbackSpan = { name, kind: "rollback", attempt, parentSpanId } as const;
      try {
        await tracer.withSpan({ ...rollbackSpan, spanId: this.#ids.id(spanId, "rollback", name, 1) }, (span) =>
          options.rollback({ ...ctx, span }),
        );
      } finally {
        await this.#gate.flush();
      }
    };
  }

  /** The run's epoch, from the engine, which keeps it across replays and drops it with a restart. */
  #ready(): Promise<void> {
    this.#epoch ??= (async () => {
      const epoch = await this.#step.do(EPOCH_STEP, async () => {
        this.#gate.open();
        return crypto.randomUUID();
      });
      this.#ids.setEpoch(epoch);
    })();
    return this.#epoch;
  }

  /**
   * Whether this execution of `run()` is not a dry run. If nothing has shown it so far, everything was replayed. Then a
   * step shows it: a dry run answers without calling it.
   */
  async #isMeant(): Promise<boolean> {
    if (this.#gate.isOpen) return true;
    try {
      const isMeant = await this.#step.do(PROBE_STEP, async () => true);
      if (isMeant) this.#gate.open();
      else this.#gate.discard();
    } catch (error) {
      if (!isEngineAbort(error)) this.#onError(error);
    }
    return this.#gate.isOpen;
  }

  /** A filter that throws must not fail the step, which is then shown. */
  #isShown(name: string): boolean {
    try {
      return this.#shouldDispatch(name);
    } catch (error) {
      this.#onError(error);
      return true;
    }
  }

  #isInterruption(error: unknown): boolean {
    return typeof error === "object" && error !== null && this.#interruptions.has(error);
  }
}
