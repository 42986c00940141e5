import type { AnyEvent, StreamEvent } from "../event/event.ts";
import type { Handled } from "../http/handled.ts";
import type { RequestHead } from "../http/request-head.ts";
import type { EventLog, EventStore } from "../store/event-log.ts";
import { SSETargetError } from "../util/errors.ts";
import { describeValue, readOptions, type OptionNames } from "../util/options.ts";
import { EventStream } from "./event-stream.ts";
import { resolveOptions, TARGET_OPTIONS, type SSETargetOptions } from "./options.ts";
import { isPattern, pathless, storeOrPath } from "./path-pattern.ts";
import { OneStream } from "./stream-hosts.ts";

type Store<E extends StreamEvent> = EventStore<E> | EventLog<E>;
type OptionsWithStore<E extends StreamEvent> = SSETargetOptions & {
  /** Keeps the events. The target does not close it. @defaultValue a new {@link MemoryEventStore} */
  readonly store?: Store<E>;
};

const OWN_OPTIONS: OptionNames<OptionsWithStore<StreamEvent>> = { ...TARGET_OPTIONS, store: true };

/**
 * One stream of typed events at a path: what is dispatched goes to a store, and from there to any number of clients,
 * each of which resumes where it was.
 *
 * ```ts
 * const target = new SSETarget<MyEvent>("/sse");
 * await target.dispatchEvent({ type: "greeting", text: "hello" });
 * export default { fetch: (request: Request) => target.fetch(request) };
 * ```
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class SSETarget<E extends StreamEvent = AnyEvent> extends EventStream<E> {
  readonly #path: string | undefined;
  readonly #stream: OneStream<E>;

  /**
   * @param path the URL path that `fetch` serves the stream at; every other path is 404.
   * @throws SSETargetError `invalid-option`
   */
  constructor(path: string, options?: OptionsWithStore<E>);
  /** @param store keeps the events; undefined: a new {@link MemoryEventStore} */
  constructor(path: string, store: Store<E> | undefined, options?: SSETargetOptions);
  /** A target that only writes, in a worker that serves no clients: it has a store and no path. */
  constructor(options: OptionsWithStore<E> & { readonly store: Store<E> });
  constructor(first: string | OptionsWithStore<E>, second?: Store<E> | OptionsWithStore<E>, third?: SSETargetOptions) {
    const path = typeof first === "object" && first !== null ? undefined : first;
    if (path !== undefined) checkPath(path);
    const [positional, given] =
      path === undefined ? [undefined, first as OptionsWithStore<E>] : splitArguments(second, third);
    const { store = positional, ...options } = readOptions<OptionsWithStore<E>>(
      "SSETarget",
      given,
      OWN_OPTIONS as never,
    );
    if (path === undefined && store === undefined) throw storeOrPath("SSETarget");
    const stream = new OneStream(path ?? "", store, resolveOptions(options));
    super(path ?? "", stream);
    this.#path = path;
    this.#stream = stream;
  }

  /** How many clients are connected to this process now. */
  get connectionCount(): number {
    return this.#stream.endpoint.connectionCount;
  }

  override handle(head: RequestHead): Promise<Handled> {
    if (this.#path === undefined) return Promise.reject(pathless("SSETarget", '"/sse"'));
    return super.handle(head);
  }

  protected override nameAt(url: URL): string | undefined {
    return url.pathname === this.#path ? this.name : undefined;
  }
}

/** What follows the path: options, or a store and then options. */
function splitArguments<E extends StreamEvent>(
  second: Store<E> | OptionsWithStore<E> | undefined,
  third: SSETargetOptions | undefined,
): readonly [Store<E> | undefined, OptionsWithStore<E> | undefined] {
  const isOptions = third === undefined && isPlainObject(second) && !STORE_METHODS.some((name) => name in second);
  return isOptions ? [undefined, second as OptionsWithStore<E>] : [second as Store<E> | undefined, third];
}

const STORE_METHODS = ["storeEvent", "getEvents", "append", "read"];

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** @throws SSETargetError `invalid-option` */
function checkPath(path: unknown): void {
  if (typeof path === "string" && path.startsWith("/") && isPattern(path)) {
    throw new SSETargetError(
      "invalid-option",
      `\`path\` must be one path, got the pattern ${describeValue(path)}; for many streams use \`new SSEHub("/runs/:id/sse")\`, a hub takes patterns`,
    );
  }
  if (typeof path === "string" && path.startsWith("/") && new URL(`http://localhost${path}`).pathname === path) return;
  throw new SSETargetError(
    "invalid-option",
    `\`path\` must be the path of a URL as requests have it, beginning with "/", got ${describeValue(path)}`,
  );
}
