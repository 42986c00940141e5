import { MemoryEventStore, SSETarget } from "ssetarget";
import { toNodeHandler } from "ssetarget/node";
import { viaEventSource, type ConnectOptions } from "ssetarget/client";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { frame, openStreamOf, serve, statusOf, type Answer, type SeenRequest } from "./support/scripted-server.ts";
import { serveTicks, type Tick, type TickServer } from "./support/tick-server.ts";
import { watch, type Watched } from "./support/watched.ts";

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Connections of one process stand for tabs: they have the same locks and the same channels. */
function openTabs(url: string, count: number): Watched[] {
  return Array.from({ length: count }, () => watch(url, { shareTabs: true }));
}

const expectAll = (tabs: readonly Watched[], ids: readonly unknown[]) =>
  vi.waitFor(
    () => {
      for (const tab of tabs) expect(tab.ids).toEqual(ids);
    },
    { timeout: 5_000 },
  );
/** A stream that stays open, of a server that names it. */
const openNamed =
  (...chunks: readonly string[]): Answer =>
  (response, request) => {
    response.setHeader("ssetarget-stream", "ticks");
    openStreamOf(...chunks)(response, request);
  };
/** The one response that is still open. */
const onlyOpen = (requests: readonly SeenRequest[]) =>
  vi.waitFor(() => {
    const open = requests.filter(({ response }) => !response.closed);
    expect(open).toHaveLength(1);
    return open[0] as SeenRequest;
  });
const locks = async () => {
  const { held = [], pending = [] } = await navigator.locks.query();
  return [...held, ...pending].map(({ name = "" }) => name).filter((name) => name.startsWith("ssetarget:"));
};
const oneConnection = (server: TickServer) => vi.waitFor(() => expect(server.open).toBe(1), { timeout: 5_000 });

describe("tabs", () => {
  it("share one connection", async () => {
    const server = await serveTicks();
    const tabs = openTabs(server.url, 5);
    await server.tick(3);
    await expectAll(tabs, upTo(3));
    await oneConnection(server);
    await server.tick(3);
    await expectAll(tabs, upTo(6));
    expect(server.open).toBe(1);
    for (const { connection } of tabs) expect(connection.state.status).toBe("open");
  });

  it("ask the server once each, and then share, where they begin together and nothing was there before", async () => {
    const server = await serveTicks();
    const tabs = openTabs(server.url, 5);
    await vi.waitFor(() => {
      for (const { connection } of tabs) expect(connection.state.status).toBe("open");
    });
    await server.tick(1);
    await expectAll(tabs, [1]);
    await oneConnection(server);
    expect(server.requests).toHaveLength(5);
  });

  it("that join while the one that leads waits keep a connection that works", async () => {
    const refused = statusOf(503, { "retry-after": "600" });
    const { url, requests } = await serve(openNamed(frame(1)), refused, openNamed(frame(1)));
    const tabs = openTabs(url, 1);
    await expectAll(tabs, [1]);
    requests[0]?.response.destroy();
    await vi.waitFor(() => expect(tabs[0]?.connection.state.error?.status).toBe(503));
    const late = openTabs(url, 1);
    await expectAll(late, [1]);
    requests[2]?.response.write(frame(2));
    await expectAll(late, [1, 2]);
    expect(late[0]?.connection.state.status).toBe("open");
    expect(requests).toHaveLength(3);
  });

  it("that come late get what they lack, while more arrives, and then share", async () => {
    const server = await serveTicks();
    await server.tick(500);
    const tabs = openTabs(server.url, 1);
    await vi.waitFor(() => expect(tabs[0]?.ids.length).toBe(500));
    const enough = new AbortController();
    const ticking = (async () => {
      while (!enough.signal.aborted) {
        await server.tick(7);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    for (let more = 0; more < 5; more++) {
      tabs.push(...openTabs(server.url, 1));
      await vi.waitFor(() => expect(tabs.at(-1)?.ids.length).toBeGreaterThan(500), { timeout: 5_000 });
    }
    enough.abort();
    await ticking;
    await server.tick(1);
    const last = tabs[0]?.ids.length ?? 0;
    await vi.waitFor(() => expect(new Set(tabs.map(({ ids }) => ids.length)).size).toBe(1), { timeout: 5_000 });
    await expectAll(tabs, upTo(Math.max(last, tabs[0]?.ids.length ?? 0)));
    await oneConnection(server);
  });

  it("with older and newer cursors come to the same place", async () => {
    const server = await serveTicks();
    await server.tick(20);
    const first = watch(server.url);
    await vi.waitFor(() => expect(first.ids).toHaveLength(20));
    const epoch = first.connection.lastEventId.split(".")[1];
    first.connection.close();
    const tabs = [12, 3, 20, 17].map((id) => watch(server.url, { shareTabs: true, lastEventId: `${id}.${epoch}` }));
    await vi.waitFor(() => expect(tabs.map(({ ids }) => ids)).toEqual([upTo(20, 13), upTo(20, 4), [], upTo(20, 18)]));
    await oneConnection(server);
    await server.tick(2);
    await vi.waitFor(() => expect(tabs.map(({ ids }) => ids.slice(-2))).toEqual(tabs.map(() => [21, 22])));
    expect(server.open).toBe(1);
  });

  it("go on without a hole when the leader closes, again and again", async () => {
    const server = await serveTicks();
    const tabs = openTabs(server.url, 6);
    const open = [...tabs];
    let expected = 0;
    while (open.length > 0) {
      await server.tick(30);
      expected += 30;
      // The leader was the first that asked.
      open.shift()?.connection.close();
      await expectAll(open, upTo(expected));
      if (open.length > 0) await oneConnection(server);
    }
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  it("go on without a hole when the network breaks, and when the server begins anew", async () => {
    const server = await serveTicks();
    const tabs = openTabs(server.url, 4);
    await server.tick(5);
    await expectAll(tabs, upTo(5));
    server.cut();
    await server.tick(5);
    await expectAll(tabs, upTo(10));
    server.restart();
    await server.tick(3);
    await expectAll(tabs, [...upTo(10), undefined, ...upTo(3)]);
    for (const { events } of tabs)
      expect(events[10]).toMatchObject({ type: "ssetarget:gap", data: { reason: "reset", after: 10 } });
    await oneConnection(server);
  });

  it("are told each of a gap, also the one that comes after it and before anything has followed", async () => {
    const server = await serveTicks();
    const tabs = openTabs(server.url, 3);
    await server.tick(5);
    await expectAll(tabs, upTo(5));
    const lastEventId = tabs[0]?.connection.lastEventId;
    server.restart();
    await expectAll(tabs, [...upTo(5), undefined]);
    const late = watch(server.url, { shareTabs: true, lastEventId });
    await expectAll([late], [undefined]);
    await server.tick(2);
    await expectAll(tabs, [...upTo(5), undefined, 1, 2]);
    await expectAll([late], [undefined, 1, 2]);
    await oneConnection(server);
  });

  it("get along with a store that names no history", async () => {
    const make = () => {
      const events: (Tick & { id: number })[] = [];
      return {
        storeEvent: async (event: Tick) =>
          events[events.push({ ...event, id: events.length + 1 }) - 1] as Tick & { id: number },
        getEvents: async (afterId: number) => events.slice(afterId),
      };
    };
    const server = await serveTicks(make());
    const tabs = openTabs(server.url, 2);
    await server.tick(20);
    await expectAll(tabs, upTo(20));
    tabs.push(...openTabs(server.url, 2));
    await expectAll(tabs, upTo(20));
    server.restart(make());
    await server.tick(3);
    await expectAll(tabs, [...upTo(20), undefined, ...upTo(3)]);
    await oneConnection(server);
    await server.tick(2);
    await expectAll(tabs, [...upTo(20), undefined, ...upTo(5)]);
  });

  it("all end with the stream, and ask for nothing more", async () => {
    const server = await serveTicks();
    const tabs = openTabs(server.url, 4);
    await server.tick(2);
    await expectAll(tabs, upTo(2));
    await oneConnection(server);
    const requests = server.requests.length;
    await server.target.complete();
    for (const { connection } of tabs) expect((await connection.closed).status).toBe("ended");
    await expectAll(tabs, upTo(3));
    expect(server.requests).toHaveLength(requests);
  });

  it("show what the one that leads waits for, and any of them may try again at once", async () => {
    const refused = statusOf(503, { "retry-after": "600" });
    const first = openNamed(frame(1));
    const { url, requests } = await serve(first, first, first, refused, openNamed(frame(2)));
    const tabs = openTabs(url, 3);
    await expectAll(tabs, [1]);
    const { response } = await onlyOpen(requests);
    response.destroy();
    await vi.waitFor(() => {
      for (const { connection } of tabs) {
        expect(connection.state).toMatchObject({ status: "waiting", error: { code: "connection-lost", status: 503 } });
        expect(connection.state.retryAtMs).toBe(tabs[0]?.connection.state.retryAtMs);
      }
    });
    tabs[2]?.connection.reconnect();
    await expectAll(tabs, [1, 2]);
    expect(requests).toHaveLength(5);
  });

  it("find out each for itself that they are refused", async () => {
    const first = openNamed(frame(1));
    const { url, requests } = await serve(first, first, first, statusOf(403));
    const tabs = openTabs(url, 3);
    await expectAll(tabs, [1]);
    const { response } = await onlyOpen(requests);
    response.destroy();
    for (const { connection } of tabs)
      expect(await connection.closed).toMatchObject({ status: "failed", error: { status: 403 } });
    expect(requests).toHaveLength(6);
  });

  it("are not held back by one whose application is slow, not even where it leads", async () => {
    const server = await serveTicks();
    const slow = watch(server.url, { shareTabs: true });
    const loop = slow.connection[Symbol.asyncIterator]();
    const first = loop.next();
    await server.tick(1);
    await first;
    const tabs = openTabs(server.url, 3);
    await server.tick(2_500);
    await expectAll(tabs, upTo(2_501));
    expect(slow.ids).toEqual([1]);
    for (let id = 2; id <= 2_501; id++) expect((await loop.next()).value).toMatchObject({ id });
    void loop.next();
    await oneConnection(server);
    await server.tick(1);
    await expectAll([slow, ...tabs], upTo(2_502));
  });

  it("of other credentials or another name share nothing", async () => {
    const server = await serveTicks();
    const tabs = [
      watch(server.url, { shareTabs: true }),
      watch(server.url, { shareTabs: "anna" }),
      watch(server.url, { shareTabs: "ben" }),
      watch(server.url, { shareTabs: "ben" }),
      watch(server.url, { shareTabs: true, credentials: "include" }),
      watch(server.url, { shareTabs: false }),
      watch(server.url),
    ];
    await server.tick(1);
    await expectAll(tabs, [1]);
    await vi.waitFor(() => expect(server.open).toBe(6));
  });

  it("of a token share if a text says whose it is, and `true` does not say it", async () => {
    const server = await serveTicks();
    const mine = { transport: undefined, token: () => "secret", headers: { "x-team": "7" } };
    const tabs = [watch(server.url, { ...mine, shareTabs: "anna" }), watch(server.url, { ...mine, shareTabs: "anna" })];
    await server.tick(1);
    await expectAll(tabs, [1]);
    await oneConnection(server);
    for (const personal of [
      { token: "secret" },
      { token: () => "secret" },
      { headers: {} },
      { body: "secret", method: "POST" },
      { fetch },
      { transport: viaEventSource([]) },
    ] satisfies ConnectOptions[]) {
      expect(() => watch(server.url, { ...personal, shareTabs: true })).toThrow(
        expect.objectContaining({ code: "invalid-option", message: expect.stringContaining("`shareTabs: true`") }),
      );
    }
  });

  it("leave no lock and no channel behind", async () => {
    const server = await serveTicks(new MemoryEventStore<Tick>());
    const tabs = openTabs(server.url, 3);
    await server.tick(1);
    await expectAll(tabs, [1]);
    for (const { connection } of tabs) connection.close();
    await vi.waitFor(async () => expect(await locks()).toEqual([]), { timeout: 5_000 });
    await vi.waitFor(() => expect(server.open).toBe(0));
  });
});

describe("who joins", () => {
  /** A server that answers as whoever is signed in may see: everything, or what is one's own. */
  async function serveUsers(targets: Readonly<Record<string, SSETarget<Tick>>>) {
    const signedIn = { user: "anna" };
    const { url, requests } = await serve((response, request) => {
      const target = targets[signedIn.user];
      if (target === undefined) response.writeHead(403).end();
      else void toNodeHandler(target)(request, response);
    });
    const open = () => Object.values(targets).reduce((sum, { connectionCount }) => sum + connectionCount, 0);
    return { url, requests, signedIn, open };
  }
  const target = () => new SSETarget<Tick>("/sse", undefined, { retryMs: 10 });
  const tick = (n: number): Tick => ({ type: "tick", n });

  it("has been let in by the server: another user who is refused gets nothing of what a tab was told", async () => {
    const anna = target();
    const { url, signedIn } = await serveUsers({ anna });
    const tabs = openTabs(url, 2);
    await anna.dispatchEvent(tick(1));
    await expectAll(tabs, [1]);
    signedIn.user = "ben";
    const lastEventId = tabs[0]?.connection.lastEventId;
    for (const late of [watch(url, { shareTabs: true }), watch(url, { shareTabs: true, lastEventId })]) {
      expect(await late.connection.closed).toMatchObject({ status: "failed", error: { status: 403 } });
      await anna.dispatchEvent(tick(2));
      expect(late.ids).toEqual([]);
    }
    // Nor does a tab of the first user's get more once it has to connect by itself.
    await vi.waitFor(() => expect(anna.connectionCount).toBe(1));
    tabs[0]?.connection.close();
    expect(await tabs[1]?.connection.closed).toMatchObject({ status: "failed", error: { status: 403 } });
  });

  it("is served the same history: at one URL another user's own is not mixed with the first one's", async () => {
    const [anna, ben] = [target(), target()];
    const { url, signedIn, open } = await serveUsers({ anna, ben });
    // At the beginning all are at the same position: nowhere.
    const annas = openTabs(url, 2);
    await vi.waitFor(() => expect(annas.map(({ connection }) => connection.state.status)).toEqual(["open", "open"]));
    await vi.waitFor(() => expect(anna.connectionCount).toBe(1));
    signedIn.user = "ben";
    const bens = openTabs(url, 2);
    await vi.waitFor(() => expect(bens.map(({ connection }) => connection.state.status)).toEqual(["open", "open"]));
    await vi.waitFor(() => expect(open()).toBe(2));
    await anna.dispatchEvent(tick(1));
    await ben.dispatchEvents([tick(11), tick(12)]);
    await expectAll(annas, [1]);
    await expectAll(bens, [1, 2]);
    expect(annas.flatMap(({ events }) => events.map(({ data }) => data))).toEqual([{ n: 1 }, { n: 1 }]);
    // Each tab that connects again is served the other history, says so, and joins those who have it.
    await vi.waitFor(() => expect(anna.connectionCount).toBe(1));
    annas[0]?.connection.reconnect();
    await expectAll(annas, [1, undefined, 1, 2]);
    await vi.waitFor(() => expect(open()).toBe(1));
    await ben.dispatchEvent(tick(13));
    await expectAll(bens, [1, 2, 3]);
    await expectAll(annas, [1, undefined, 1, 2, 3]);
  });

  it("is told apart also where the stores name no history", async () => {
    const own = () => {
      const events: (Tick & { id: number })[] = [];
      const storeEvent = async (event: Tick) => {
        const stored = { ...event, id: events.length + 1 };
        events.push(stored);
        return stored;
      };
      return new SSETarget<Tick>("/sse", { storeEvent, getEvents: async (afterId) => events.slice(afterId) });
    };
    const [anna, ben] = [own(), own()];
    const { url, signedIn, open } = await serveUsers({ anna, ben });
    const annas = openTabs(url, 2);
    await anna.dispatchEvent(tick(1));
    await expectAll(annas, [1]);
    await vi.waitFor(() => expect(open()).toBe(1));
    signedIn.user = "ben";
    await ben.dispatchEvent(tick(11));
    const bens = openTabs(url, 2);
    await expectAll(bens, [1]);
    await anna.dispatchEvent(tick(2));
    await ben.dispatchEvent(tick(12));
    await expectAll(annas, [1, 2]);
    await expectAll(bens, [1, 2]);
    expect(bens.flatMap(({ events }) => events.map(({ data }) => data))).toEqual([11, 12, 11, 12].map((n) => ({ n })));
  });

  it("shares nothing of a server that does not name its streams, whatever the tabs call them", async () => {
    const { url, requests } = await serve(openStreamOf(frame("1.epoch")));
    const tabs = [...openTabs(url, 2), watch(url, { shareTabs: "anna" }), watch(url, { shareTabs: "anna" })];
    await expectAll(tabs, [1]);
    expect(requests.map(({ response }) => response.closed)).toEqual([false, false, false, false]);
    expect(await locks()).toEqual([]);
  });

  it("says nothing of the URL to other scripts of the origin", async () => {
    const server = await serveTicks();
    const tabs = openTabs(`${server.url}?token=secret`, 2);
    await server.tick(1);
    await expectAll(tabs, [1]);
    await vi.waitFor(async () => expect(await locks()).toHaveLength(2));
    for (const name of await locks()) expect(name).toMatch(/^ssetarget:[A-Za-z0-9+/]{43}=$/);
  });
});

describe("a leader that hangs", () => {
  it("is replaced after about ten seconds, and changes nothing when it wakes up", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const server = await serveTicks();
    const first = watch(server.url, { shareTabs: true });
    const name = await vi.waitFor(async () => {
      const names = await locks();
      expect(names).toHaveLength(1);
      return names[0] as string;
    });
    first.connection.close();
    // It holds the lock, and does not answer.
    let isStolen = false;
    const held = navigator.locks.request(name, () => new Promise(() => {})).catch(() => (isStolen = true));
    const tabs = openTabs(server.url, 3);
    await server.tick(1);
    // Nobody waits for it: each has a connection of its own meanwhile.
    await expectAll(tabs, [1]);
    expect(isStolen).toBe(false);
    await vi.advanceTimersByTimeAsync(12_000);
    await vi.waitFor(() => expect(isStolen).toBe(true));
    await held;
    await oneConnection(server);
    await server.tick(1);
    await expectAll(tabs, [1, 2]);
    const channel = new BroadcastChannel(name);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A channel has no target.
    channel.postMessage(["", "1.old", [{ id: "1.old", type: "tick", data: "{}" }], ["open", 0]]);
    channel.close();
    await server.tick(1);
    await expectAll(tabs, [1, 2, 3]);
    await oneConnection(server);
  });
});
