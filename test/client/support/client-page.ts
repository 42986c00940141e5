import {
  connect,
  viaEventSource,
  watchTrace,
  type ConnectOptions,
  type EventConnection,
  type TraceWatch,
  type UnknownEvent,
} from "ssetarget/client";

/** What a test page offers to its test. */
export interface ClientPage {
  /** Everything that the connection has handed over: an event's `n`, or its type. */
  seen: (number | string)[];
  /** The statuses that it went through. */
  statuses: string[];
  connection: EventConnection<UnknownEvent> | undefined;
  watch: TraceWatch | undefined;
  /** Connects; `native` names the types to hear of. */
  follow(
    url: string,
    options?: Omit<ConnectOptions, "transport"> & {
      readonly native?: readonly string[];
      readonly store?: "local" | "session";
    },
  ): void;
  watchTrace(url: string): void;
}

export const page: ClientPage = {
  seen: [],
  statuses: [],
  connection: undefined,
  watch: undefined,
  follow(url, { native, store, ...options } = {}) {
    const storage = store === undefined ? options.storage : store === "local" ? localStorage : sessionStorage;
    const connection = connect(url, { ...options, storage, transport: native && viaEventSource(native) });
    page.connection = connection;
    page.seen = [];
    page.statuses = [];
    connection.addEventListener("*", (event) =>
      page.seen.push(event.type === "tick" ? (event.data as { readonly n: number }).n : event.type),
    );
    connection.subscribe(() => page.statuses.push(connection.state.status));
  },
  watchTrace(url) {
    page.watch = watchTrace(url);
  },
};

Object.assign(globalThis, { page });
