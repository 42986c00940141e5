import type { JsonObject, LogLevel, SpanEvent, SpanKind } from "../../../src/trace/events.ts";

/** What is told of a span in a scene. Times are in seconds after the scene's beginning. */
interface SceneSpan {
  readonly name: string;
  readonly kind?: SpanKind;
  readonly from: number;
  /** Undefined: it is still open. */
  readonly to?: number;
  readonly error?: string;
  readonly attempt?: number;
  readonly attributes?: JsonObject;
  readonly progress?: {
    readonly current: number;
    readonly total?: number;
    readonly unit?: string;
    readonly message?: string;
  };
  readonly logs?: readonly (readonly [at: number, level: LogLevel, message: string])[];
  readonly until?: number;
  readonly waitingFor?: string;
  readonly spans?: readonly SceneSpan[];
}

/** A deployment up to the moment when somebody has to approve it. */
export const DEPLOYMENT: SceneSpan = {
  name: "deploy shop 2.4",
  kind: "workflow",
  from: 0,
  attributes: { "git.branch": "main", "git.commit": "9f2c41e", "deployment.environment.name": "production" },
  spans: [
    { name: "check out the code", kind: "step", from: 0.1, to: 1.3, attributes: { "git.files": 1843 } },
    {
      name: "build",
      kind: "step",
      from: 1.3,
      to: 9.4,
      spans: [
        {
          name: "install packages",
          from: 1.4,
          to: 4.9,
          attributes: { "npm.packages": 412, "cache.hit": true },
          logs: [
            [1.6, "info", "restored 398 packages from the cache"],
            [4.1, "warn", "14 packages were not in the cache"],
          ],
        },
        { name: "compile", from: 4.9, to: 7.8 },
        { name: "bundle", from: 7.8, to: 9.3, attributes: { "bundle.bytes": 184_320 } },
      ],
    },
    {
      name: "test",
      kind: "step",
      from: 9.4,
      to: 19.1,
      spans: [
        { name: "unit tests", from: 9.5, to: 12.9, attributes: { "test.count": 1204 } },
        {
          name: "browser tests",
          from: 9.5,
          to: 18.9,
          spans: [
            {
              name: "browser tests",
              kind: "attempt",
              attempt: 1,
              from: 9.5,
              to: 12.1,
              error: "The browser did not start",
            },
            {
              name: "browser tests",
              kind: "attempt",
              attempt: 2,
              from: 12.6,
              to: 15.2,
              error: "checkout.spec: timed out after 2 s",
            },
            { name: "browser tests", kind: "attempt", attempt: 3, from: 15.7, to: 18.9 },
          ],
        },
        { name: "accessibility", from: 12.9, to: 16.4 },
      ],
    },
    { name: "let caches expire", kind: "sleep", from: 19.1, to: 22.1, until: 22.1 },
    {
      name: "upload assets",
      kind: "step",
      from: 19.2,
      progress: { current: 318, total: 420, unit: "files", message: "images/hero-1600.avif" },
    },
    { name: "approval by the release team", kind: "wait", from: 22.2, waitingFor: "approval", until: 3600 },
  ],
};

/** The same, gone wrong. */
export const FAILED_DEPLOYMENT: SceneSpan = {
  ...DEPLOYMENT,
  to: 27.4,
  error: "warm up the new servers: 3 of 4 did not answer",
  spans: [
    ...(DEPLOYMENT.spans ?? []).slice(0, 4),
    { name: "upload assets", kind: "step", from: 19.2, to: 22.6 },
    { name: "approval by the release team", kind: "wait", from: 22.2, to: 23.4, waitingFor: "approval" },
    {
      name: "switch over",
      kind: "step",
      from: 23.4,
      to: 26.6,
      error: "warm up the new servers: 3 of 4 did not answer",
      spans: [
        { name: "start the new servers", from: 23.5, to: 24.6 },
        {
          name: "warm up the new servers",
          from: 24.6,
          to: 26.5,
          error:
            "3 of 4 did not answer\n  eu-1: ok\n  eu-2: connect ECONNREFUSED 10.0.3.12:8080\n  us-1: no answer in 1500 ms\n  us-2: no answer in 1500 ms",
          attributes: {
            "error.type": "WarmUpError",
            servers: { healthy: ["eu-1"], failed: ["eu-2", "us-1", "us-2"] },
            "http.route": "/health",
            attempts: 4,
          },
          logs: [
            [24.7, "info", "asking 4 servers for /health"],
            [24.9, "info", "eu-1 answered 200 in 84 ms"],
            [25.2, "warn", "eu-2 refused the connection, trying again"],
            [26.5, "error", "giving up on eu-2, us-1, us-2"],
          ],
        },
        { name: "watch the error rate", from: 24.6 },
      ],
    },
    { name: "roll back to 2.3", kind: "rollback", from: 26.6, to: 27.3 },
  ],
};

/** The events that tell of a scene, in the order of time, with its beginning at `startMs`. */
export function eventsOf(scene: SceneSpan, startMs: number, traceId = "run-1"): SpanEvent[] {
  const events: (readonly [at: number, event: SpanEvent])[] = [];
  const at = (seconds: number): string => new Date(startMs + seconds * 1000).toISOString();
  const tell = (span: SceneSpan, spanId: string, parentSpanId: string | null): void => {
    const { name, kind = "internal", attempt = 1, attributes = {} } = span;
    const base = { traceId, spanId, parentSpanId, name, kind, attempt };
    const until = span.until === undefined ? undefined : at(span.until);
    events.push([
      span.from,
      { ...base, type: "started", timestamp: at(span.from), attributes, until, waitingFor: span.waitingFor },
    ]);
    for (const [when, level, message] of span.logs ?? []) {
      events.push([when, { ...base, type: "log", timestamp: at(when), level, message }]);
    }
    if (span.progress) {
      const when = span.from + 0.5;
      events.push([when, { ...base, type: "updated", timestamp: at(when), progress: span.progress }]);
    }
    for (const [index, child] of (span.spans ?? []).entries()) tell(child, `${spanId}.${index + 1}`, spanId);
    if (span.to !== undefined) {
      const status =
        span.error === undefined ? ({ code: "OK" } as const) : ({ code: "ERROR", message: span.error } as const);
      events.push([span.to, { ...base, type: "ended", timestamp: at(span.to), status, attributes }]);
    }
  };
  tell(scene, "1", null);
  return events.toSorted(([a], [b]) => a - b).map(([, event], index) => ({ ...event, id: index + 1 }));
}

/** A run of so many spans: batches of items, some of which are still open. */
export function manySpans(count: number, startMs: number, traceId = "big"): SpanEvent[] {
  const events: SpanEvent[] = [];
  const stamp = (ms: number): string => new Date(startMs + ms).toISOString();
  const start = (
    spanId: string,
    parentSpanId: string | null,
    name: string,
    ms: number,
    kind: SpanKind = "step",
  ): void => {
    events.push({ traceId, spanId, parentSpanId, name, kind, type: "started", timestamp: stamp(ms), attributes: {} });
  };
  const end = (spanId: string, parentSpanId: string | null, name: string, ms: number, error?: string): void => {
    const status = error === undefined ? ({ code: "OK" } as const) : ({ code: "ERROR", message: error } as const);
    events.push({ traceId, spanId, parentSpanId, name, type: "ended", timestamp: stamp(ms), status, attributes: {} });
  };
  start("root", null, "import the catalogue", 0, "workflow");
  const perBatch = 24;
  const batches = Math.ceil((count - 1) / (perBatch + 1));
  const spacing = 60_000 / batches;
  let made = 1;
  for (let batch = 1; made < count; batch++) {
    const id = `b${batch}`;
    const from = (batch - 1) * spacing;
    const name = `batch ${batch}`;
    start(id, "root", name, from);
    made += 1;
    let last = from;
    for (let item = 1; item <= perBatch && made < count; item++) {
      const itemId = `${id}.${item}`;
      const itemFrom = from + item * 40;
      const itemName = `product ${batch * perBatch + item}`;
      start(itemId, id, itemName, itemFrom, "internal");
      made += 1;
      last = itemFrom + 60 + ((batch * 7 + item * 13) % 11) * 45;
      const fails = (batch * 31 + item * 17) % 211 === 0;
      if (batch < batches - 1) end(itemId, id, itemName, last, fails ? "The price is missing" : undefined);
    }
    if (batch < batches - 1) end(id, "root", name, last + 20);
  }
  return events.map((event, index) => ({ ...event, id: index + 1 }));
}
