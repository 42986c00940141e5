import { MemoryEventStore, NullEventStore, sendEvents, ServerSentEventTarget, SSEHub, SSETarget } from "ssetarget";
import { createDestination } from "ssetarget/destinations";
import { Generations } from "ssetarget/generations";
import { connect, watchTrace } from "ssetarget/client";
import { NatsEventStores } from "ssetarget/nats";
import { RedisEventStore } from "ssetarget/redis";
import { SqliteEventStores } from "ssetarget/sqlite";
import {
  criticalPath,
  estimateRemaining,
  progressOf,
  ServerClock,
  SpanTree,
  timelineOf,
  Tracer,
  type SpanNode,
} from "ssetarget/workflows";
import { describe, expect, it, vi } from "vitest";
import { CreditSink } from "../support/test-client.ts";

const hub = new SSEHub("/:id/sse");
const request = new Request("http://localhost/");
const jetstream = { publish() {}, consumers: {} } as never;
const redis = { call() {}, duplicate() {} } as never;

function aNode(): SpanNode {
  const tree = new SpanTree();
  tree.apply({ type: "started", traceId: "t", spanId: "a", parentSpanId: null, name: "a", timestamp: "1970-01-01" });
  return tree.roots[0] as SpanNode;
}

/** Everything that takes options, and one that it has, without its last letters. */
const TAKERS: readonly (readonly [name: string, option: string, take: (options: never) => unknown])[] = [
  ["SSETarget", "keepAliveMs", (options) => new SSETarget("/sse", undefined, options)],
  ["SSEHub", "maxStreams", (options) => new SSEHub("/:id/sse", options)],
  ["cors", "credentials", (cors) => new SSETarget("/sse", undefined, { cors })],
  ["MemoryEventStore", "maxEvents", (options) => new MemoryEventStore(options)],
  ["RedisEventStore", "retryForMs", (options) => new RedisEventStore(redis, "p", options)],
  ["SqliteEventStores", "busyTimeoutMs", (options) => new SqliteEventStores(":memory:", options)],
  ["NatsEventStores", "replicas", (options) => new NatsEventStores(jetstream, options)],
  ["Generations", "batchMs", (options) => new Generations(hub, options)],
  ["createDestination", "immediate", (options) => createDestination(hub as never, options)],
  ["sendEvents", "retryMs", (options) => sendEvents(request, [], options)],
  ["ServerSentEventTarget", "keepAliveMs", (options) => new ServerSentEventTarget(new CreditSink(), options)],
  ["addEventListener", "once", (options) => new SSETarget("/sse").addEventListener("a", () => {}, options)],
  ["addEventListener", "once", (options) => hub.addEventListener("a", () => {}, options)],
  ["backoff", "maxMs", (backoff) => connect("http://localhost/", { backoff })],
  ["connect", "idleTimeoutMs", (options) => connect("http://localhost/", options)],
  ["watchTrace", "snapshot", (options) => watchTrace("http://localhost/", options)],
  ["Tracer", "includeStacks", (options) => new Tracer(() => {}, "t", options)],
  ["SpanTree", "leaseMs", (options) => new SpanTree(options)],
  ["ServerClock", "replayMs", (options) => new ServerClock(options)],
  ["timelineOf", "clockOf", (options) => timelineOf(aNode(), options)],
  ["criticalPath", "clockOf", (options) => criticalPath(aNode(), options)],
  ["estimateRemaining", "ancestors", (options) => estimateRemaining(aNode(), {}, options)],
  ["progressOf", "weightOf", (options) => progressOf(aNode(), options)],
];

const refusal = (words: string) =>
  expect.objectContaining({ code: "invalid-option", message: expect.stringContaining(words) as string });

/** What comes of options, whatever their type. */
function outcome(take: (options: never) => unknown, options: unknown): unknown {
  try {
    return take(options as never);
  } catch (error) {
    return error;
  }
}

describe.each(TAKERS)("the options of %s (%s)", (owner, option, take) => {
  it("are refused by name where there is none of that name, with the nearest one that there is", () => {
    const wrong = option.slice(0, -1);
    expect(outcome(take, { [wrong]: 1 })).toEqual(
      refusal(`\`${owner}\` has no option \`${wrong}\`; did you mean \`${option}\`?`),
    );
    expect(outcome(take, { [option.toUpperCase()]: 1 })).toEqual(refusal(`did you mean \`${option}\`?`));
    expect(outcome(take, { zzzzzzzzzzzzzzzzzzzzz: 1 })).toEqual(refusal("`zzzzzzzzzzzzzzzzzzzzz`; use one of "));
  });

  it.each([
    [3, "got 3"],
    ["text", 'got "text"'],
    [null, "got null"],
    [[], "got Array"],
    [new Map([["a", 1]]), "got Map"],
    [Promise.resolve({}), "got Promise"],
    [AbortSignal.abort(), "got AbortSignal"],
    [() => {}, "got a function"],
  ])("are refused where they are %s", (options, got) => {
    // `cors` may be true, and says so.
    expect(outcome(take, options)).toEqual(refusal(got));
  });

  it("are refused where they have a `__proto__` of their own, or cannot be read", () => {
    expect(outcome(take, JSON.parse('{"__proto__":{}}'))).toEqual(refusal("has no option `__proto__`"));
    const unreadable = Object.defineProperty({}, option, {
      enumerable: true,
      get() {
        throw new Error("not now");
      },
    });
    expect(outcome(take, unreadable)).toEqual(refusal(`\`${option}\` of \`${owner}\` could not be read (not now)`));
  });
});

describe("options", () => {
  it("may be frozen, without a prototype, instances of a class, or undefined where there are none", async () => {
    class Own {
      keepAliveMs = 1_000;
      get maxConnections() {
        return 0;
      }
    }
    expect(outcome((options) => new SSETarget("/sse", undefined, options), new Own())).toEqual(
      refusal("maxConnections"),
    );
    const bare = Object.assign(Object.create(null) as object, { keepAliveMs: 1_000, keepAlive: undefined });
    for (const options of [Object.freeze({ keepAliveMs: 1_000 }), bare, undefined, {}]) {
      expect(new SSETarget("/sse", new NullEventStore(), options as never)).toBeInstanceOf(SSETarget);
    }
  });

  it("are read once", () => {
    const read = vi.fn(() => 1_000);
    const options = Object.defineProperty({}, "keepAliveMs", { enumerable: true, get: read });
    expect(new SSETarget("/sse", undefined, options)).toBeInstanceOf(SSETarget);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it("of what is called later are refused too, and then nothing has been done", async () => {
    const target = new SSETarget("/sse");
    await expect(target.close({ closeTimeout: 3 } as never)).rejects.toEqual(refusal("did you mean `closeTimeoutMs`?"));
    await expect(target.complete({ reson: "failed" } as never)).rejects.toEqual(refusal("did you mean `reason`?"));
    await expect(target.complete("failed" as never)).rejects.toEqual(refusal('got "failed"'));
    await expect(hub.complete("a", { reson: "failed" } as never)).rejects.toEqual(refusal("did you mean `reason`?"));
    expect(outcome(() => new SSETarget("/sse", undefined, { startAt: { lst: 3 } } as never), {})).toEqual(
      refusal("did you mean `last`?"),
    );
    await expect(target.dispatchEvent({ type: "a" })).resolves.toMatchObject({ id: 1 });
  });

  it("of a span are reported, and do not keep the work from being done", async () => {
    const errors: unknown[] = [];
    const tracer = new Tracer(() => {}, "t", { onError: (error) => errors.push(error) });
    expect(await tracer.withSpan({ name: "a", attribute: {} } as never, () => 7)).toBe(7);
    expect(errors).toEqual([refusal("`withSpan` has no option `attribute`; did you mean `attributes`?")]);
  });
});
