import { Activity, memo, StrictMode, Suspense, use, useEffect, useState, useTransition, type ReactNode } from "react";
import type { ReceivedOf } from "ssetarget/client";
import { type TraceSnapshot, type TraceSource, useEventStream, useSpan, useTrace } from "ssetarget/react";
import type { SpanNode } from "ssetarget/workflows";

/** What the tests look at besides the page itself. */
export interface Probe {
  /** How often each component has rendered, by a name of its own. */
  readonly renders: Record<string, number>;
  /** What `onEvent` was called with. */
  readonly heard: unknown[];
  /** Commits in which parts of the page showed different moments. */
  torn: number;
  commits: number;
}

export const probe: Probe = { renders: {}, heard: [], torn: 0, commits: 0 };

function rendered(name: string): void {
  probe.renders[name] = (probe.renders[name] ?? 0) + 1;
}

export interface PageProps {
  readonly url: string | null;
  readonly snapshot?: TraceSnapshot;
  readonly shareTabs?: string;
}

/** A run as a list of spans and their states. */
export function RunPage({ url, snapshot, shareTabs }: PageProps) {
  const trace = useTrace(url, { snapshot, shareTabs });
  return (
    <section>
      <p id="status">{trace.state.status}</p>
      <p id="done">{trace.totals.done}</p>
      <p id="over">{String(trace.isCompleted)}</p>
      <p id="gaps">{trace.gaps.map(({ reason }) => reason).join(" ")}</p>
      <button type="button" id="reconnect" onClick={trace.reconnect}>
        again
      </button>
      <ul id="spans">
        {trace.roots.map((node) => (
          <Branch key={node.spanId} node={node} />
        ))}
      </ul>
      <OneSpan source={trace.source} id="first" />
    </section>
  );
}

const Branch = memo(function BranchRow({ node }: { readonly node: SpanNode }) {
  return (
    <li>
      {node.name} {node.state}
      {node.children.length > 0 && (
        <ul>
          {node.children.map((child) => (
            <Branch key={child.spanId} node={child} />
          ))}
        </ul>
      )}
    </li>
  );
});

function OneSpan({ source, id }: { readonly source: TraceSource; readonly id: string }) {
  const span = useSpan(source, id);
  return <p id="one">{span === undefined ? "unknown" : `${span.name} ${span.state}`}</p>;
}

/** Two components that know nothing of each other follow the same run, in strict mode. */
export function TwiceInStrictMode({ url, shareTabs }: PageProps) {
  const [isShown, setShown] = useState(true);
  return (
    <StrictMode>
      <button type="button" id="toggle" onClick={() => setShown(!isShown)}>
        toggle
      </button>
      {isShown && (
        <>
          <RunPage url={url} shareTabs={shareTabs} />
          <Count url={url} shareTabs={shareTabs} />
        </>
      )}
    </StrictMode>
  );
}

function Count({ url, shareTabs }: PageProps) {
  const { totals } = useTrace(url, { shareTabs });
  return <p id="count">{totals.done}</p>;
}

/** Another run at the press of a button, or none. */
export function Switching({ url }: PageProps) {
  const [id, setId] = useState<string | null>(null);
  return (
    <>
      {["first", "second"].map((name) => (
        <button key={name} type="button" id={`show-${name}`} onClick={() => setId(name)}>
          {name}
        </button>
      ))}
      <button type="button" id="show-none" onClick={() => setId(null)}>
        none
      </button>
      <RunPage url={id === null ? null : `${url}${id}/sse`} />
    </>
  );
}

/** Many spans, each with a component of its own that follows only that span. */
export function ManyRows({ url }: PageProps) {
  const trace = useTrace(url);
  rendered("page");
  return (
    <ul>
      {trace.roots[0]?.children.map(({ spanId }) => (
        <Row key={spanId} source={trace.source} id={spanId} />
      ))}
    </ul>
  );
}

const Row = memo(function FollowedRow({ source, id }: { readonly source: TraceSource; readonly id: string }) {
  const span = useSpan(source, id);
  rendered(id);
  return (
    <li id={id}>
      {span?.state} {span?.progress?.current}
    </li>
  );
});

/** Many spans as branches of a tree, which pass their nodes on. */
export function ManyBranches({ url }: PageProps) {
  const trace = useTrace(url);
  return (
    <ul>
      {trace.roots.map((node) => (
        <CountedBranch key={node.spanId} node={node} />
      ))}
    </ul>
  );
}

const CountedBranch = memo(function CountedRow({ node }: { readonly node: SpanNode }) {
  rendered(node.spanId);
  return (
    <li id={node.spanId}>
      {node.state} {node.progress?.current}
      <ul>
        {node.children.map((child) => (
          <CountedBranch key={child.spanId} node={child} />
        ))}
      </ul>
    </li>
  );
});

/** Something beside the run suspends, is shown, and suspends again. */
export function InSuspense({ url }: PageProps) {
  const [wait, setWait] = useState<Promise<string> | undefined>();
  const [, startTransition] = useTransition();
  return (
    <>
      <button
        type="button"
        id="suspend"
        onClick={() => {
          const { promise, resolve } = Promise.withResolvers<string>();
          Object.assign(globalThis, { resume: () => resolve("there") });
          setWait(promise);
        }}
      >
        suspend
      </button>
      <button type="button" id="nothing" onClick={() => startTransition(() => setWait(undefined))}>
        nothing
      </button>
      <Suspense fallback={<p id="fallback">loading</p>}>
        <RunPage url={url} />
        {wait !== undefined && <Waiting on={wait} />}
      </Suspense>
    </>
  );
}

/** A run that is put out of sight, with its effects undone, and shown again. */
export function InActivity({ url }: PageProps) {
  const [isHidden, setHidden] = useState(false);
  return (
    <>
      <button type="button" id="hide" onClick={() => setHidden(!isHidden)}>
        hide
      </button>
      <Activity mode={isHidden ? "hidden" : "visible"}>
        <RunPage url={url} />
        <Status url={url} />
      </Activity>
    </>
  );
}

function Status({ url }: PageProps) {
  rendered(useTrace(url, {}).state.status);
  return null;
}

function Waiting({ on }: { readonly on: Promise<string> }) {
  return <p id="waited">{use(on)}</p>;
}

/** Slow components that render concurrently, while events come in between. */
export function SlowInTransition({ url }: PageProps) {
  const [round, setRound] = useState(0);
  const [, startTransition] = useTransition();
  useEffect(() => {
    const timer = setInterval(() => startTransition(() => setRound((before) => before + 1)), 30);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    const observer = new MutationObserver(() => {
      const shown = new Set([...document.querySelectorAll("[data-count]")].map((each) => each.textContent));
      probe.commits += 1;
      if (shown.size > 1) probe.torn += 1;
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    return () => observer.disconnect();
  }, []);
  return (
    <p data-round={round}>
      {Array.from({ length: 20 }, (_, index) => (
        <SlowCount key={index} url={url} round={round} bySpan={index % 2 === 0} />
      ))}
    </p>
  );
}

function SlowCount({ url, bySpan }: PageProps & { readonly round: number; readonly bySpan: boolean }) {
  const trace = useTrace(url);
  const span = useSpan(trace, "all");
  const until = performance.now() + 1;
  while (performance.now() < until);
  const count = bySpan ? span?.progress?.current : trace.roots[0]?.progress?.current;
  return <span data-count>{count ?? 0}</span>;
}

export type Tick = { readonly type: "tick"; readonly n: number } | { readonly type: "tock"; readonly text: string };

const sum = (total: number, event: ReceivedOf<Tick>): number => total + (event.type === "tick" ? event.data.n : 0);

/** A stream of events of the application's own. */
export function Events({ url }: PageProps) {
  const stream = useEventStream<Tick, number>(url, {
    maxEvents: 3,
    reduce: sum,
    initialData: 0,
    onEvent: (event) => probe.heard.push(event),
  });
  return (
    <StrictMode>
      <p id="status">{stream.state.status}</p>
      <p id="sum">{stream.data}</p>
      <p id="events">
        {stream.events.map((event) => (event.type === "tick" ? event.data.n : event.data.text)).join(" ")}
      </p>
      <p id="last">{stream.last?.type}</p>
      <p id="gaps">{stream.gaps.map(({ reason }) => reason).join(" ")}</p>
      <button type="button" id="reconnect" onClick={stream.reconnect}>
        again
      </button>
    </StrictMode>
  );
}

/** Every option written inline, in a component that renders all the time. */
function InlineOptions({ url }: PageProps) {
  const [round, setRound] = useState(0);
  const [cursor, setCursor] = useState<string | undefined>();
  useEffect(() => {
    const timer = setInterval(() => setRound((before) => before + 1), 5);
    return () => clearInterval(timer);
  }, []);
  const stream = useEventStream<Tick, { readonly sum: number }>(url, {
    maxEvents: 3,
    signal: AbortSignal.timeout(60_000),
    storage: { getItem: () => null, setItem: () => {}, removeItem: () => {} },
    lastEventId: cursor,
    token: () => `events-${round}`,
    headers: () => ({ "x-round": String(round) }),
    fetch: (to, init) => fetch(to, init),
    parse: (data) => JSON.parse(data) as unknown,
    onError: () => {},
    onEvent: (event) => setCursor(event.lastEventId),
    reduce: (data, event) => ({ sum: sum(data.sum, event) }),
    initialData: { sum: 0 },
  });
  const trace = useTrace(url, {
    tree: { maxSpans: 10, leaseMs: 60_000, now: () => Date.now() },
    signal: AbortSignal.timeout(60_000),
    snapshot: { events: [], lastEventId: "" },
    token: () => `trace-${round}`,
    body: undefined,
    headers: { "x-data": "same" },
  });
  return (
    <>
      <p id="round">{round}</p>
      <p id="sum">{stream.data.sum}</p>
      <p id="done">{trace.totals.done}</p>
      <p id="status">{`${stream.state.status} ${trace.state.status}`}</p>
    </>
  );
}

/** A signal that is written inline, and aborts. */
function InlineTimeout({ url }: PageProps) {
  const [round, setRound] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setRound((before) => before + 1), 5);
    return () => clearInterval(timer);
  }, []);
  const { state } = useEventStream(url, { signal: AbortSignal.timeout(300) });
  return (
    <>
      <p id="round">{round}</p>
      <p id="status">{state.status}</p>
    </>
  );
}

const session = { user: "anna" };
const tokenOfSession = () => session.user;
const headersOfSession = () => ({ authorization: `Bearer ${session.user}` });

/** A view of what is one's own, which is another component for another user. */
function OwnView({ url, user }: PageProps & { readonly user: string }) {
  const views = [
    useEventStream<Tick>(url, { token: () => session.user }),
    useEventStream<Tick>(url, { token: tokenOfSession }),
    useEventStream<Tick>(url, { headers: headersOfSession }),
    useEventStream<Tick>(url, { token: session.user }),
  ];
  const shown = views.map(({ events }) => events.map(({ data }) => ("n" in data ? data.n : data.text)).join(" "));
  probe.heard.push([user, shown.join(" ")]);
  return <p id="own">{shown.join(", ")}</p>;
}

function Users({ url }: PageProps) {
  const [user, setUser] = useState(session.user);
  return (
    <>
      <button
        type="button"
        id="switch"
        onClick={() => {
          session.user = "ben";
          setUser("ben");
        }}
      >
        switch
      </button>
      <OwnView key={user} url={url} user={user} />
    </>
  );
}

/** The same for users whom cookies tell apart. */
function CookieUsers({ url }: PageProps) {
  const [user, setUser] = useState("anna");
  return (
    <>
      <button
        type="button"
        id="switch"
        onClick={() => {
          document.cookie = "user=ben";
          setUser("ben");
        }}
      >
        switch
      </button>
      <CookieView key={user} url={url} user={user} />
    </>
  );
}

function CookieView({ url, user }: PageProps & { readonly user: string }) {
  const { events } = useEventStream<Tick>(url);
  const shown = events.map(({ data }) => ("n" in data ? data.n : data.text)).join(" ");
  probe.heard.push([user, shown]);
  return <p id="own">{shown}</p>;
}

function TwoOfOneUser({ url }: PageProps) {
  return (
    <>
      <Users url={url} />
      <Own url={url} id="same" token={tokenOfSession} />
      <Own url={url} id="other" token={() => session.user} />
    </>
  );
}

function Own({ url, id, token }: PageProps & { readonly id: string; readonly token: () => string }) {
  return <p id={id}>{useEventStream<Tick>(url, { token }).events.length}</p>;
}

function inStrictMode(Page: (props: PageProps) => ReactNode) {
  return (props: PageProps) => (
    <StrictMode>
      <Page {...props} />
    </StrictMode>
  );
}

export const PAGES = {
  InlineOptions: inStrictMode(InlineOptions),
  InlineTimeout: inStrictMode(InlineTimeout),
  Users: inStrictMode(Users),
  CookieUsers: inStrictMode(CookieUsers),
  TwoOfOneUser: inStrictMode(TwoOfOneUser),
  RunPage,
  TwiceInStrictMode,
  Switching,
  ManyRows,
  ManyBranches,
  InSuspense,
  InActivity,
  SlowInTransition,
  StrictEvents: inStrictMode(Events),
} satisfies Readonly<Record<string, (props: PageProps) => ReactNode>>;
