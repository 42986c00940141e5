import { connect, viaEventSource, type CursorStorage } from "ssetarget/client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { allowAll, insecure, refusalsOf, refusalsToAwait, refusalsToCall, type Refusal } from "../support/refusals.ts";
import { serveTicks } from "./support/tick-server.ts";
import { watch } from "./support/watched.ts";

afterEach(() => {
  allowAll();
  vi.unstubAllGlobals();
});

const channel = BroadcastChannel.prototype;

/** Lets so many calls pass, and refuses those that come later. */
function refuseAfter(calls: number): void {
  const { postMessage } = channel;
  const spy = vi.spyOn(channel, "postMessage");
  spy.mockImplementation(function (this: BroadcastChannel, note: unknown) {
    if (spy.mock.calls.length > calls) insecure();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A channel has no target.
    postMessage.call(this, note);
  });
}

describe("tabs whose browser has", () => {
  it.each<Refusal>([
    ...refusalsToCall(globalThis, "BroadcastChannel"),
    ...refusalsToCall(channel, "postMessage"),
    ...[1, 2, 3, 5, 8].map((calls): Refusal => [`postMessage that throws after ${calls}`, () => refuseAfter(calls)]),
    ...refusalsToCall(channel, "addEventListener"),
    ["messages that do not arrive", () => vi.spyOn(channel, "postMessage").mockImplementation(() => {})],
    ...refusalsOf(globalThis, "navigator"),
    ...refusalsOf(navigator, "locks"),
    ...refusalsToAwait(navigator.locks, "request"),
    ...refusalsOf(globalThis, "crypto"),
    ...refusalsOf(crypto, "subtle"),
    ...refusalsToAwait(crypto.subtle, "digest"),
  ])("%s go on, each for itself if it must", async (_, refuse) => {
    const server = await serveTicks();
    refuse();
    const tabs = Array.from({ length: 3 }, () => watch(server.url, { shareTabs: true }));
    const saw = (ids: readonly number[]) =>
      vi.waitFor(() => expect(tabs.map((tab) => tab.ids)).toEqual(tabs.map(() => ids)), { timeout: 5_000 });
    await server.tick(1);
    await saw([1]);
    server.cut();
    await server.tick(1);
    await saw([1, 2]);
    tabs[0]?.connection.reconnect();
    await server.tick(1);
    await saw([1, 2, 3]);
    await vi.waitFor(() => {
      for (const { connection } of tabs) expect(connection.state.status).toBe("open");
    });
    tabs.pop()?.connection.close();
    await server.target.complete();
    for (const { connection } of tabs) expect((await connection.closed).status).toBe("ended");
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  it("channels that cannot be closed still let go of their connections", async () => {
    vi.spyOn(channel, "close").mockImplementation(insecure);
    const server = await serveTicks();
    const tabs = Array.from({ length: 2 }, () => watch(server.url, { shareTabs: true }));
    await server.tick(1);
    await vi.waitFor(() => expect(tabs.map(({ ids }) => ids)).toEqual([[1], [1]]));
    for (const { connection } of tabs) connection.close();
    for (const { connection } of tabs) expect((await connection.closed).status).toBe("closed");
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  it("locks that say nothing are not asked again and again", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const request = vi.spyOn(navigator.locks, "request").mockImplementation(() => new Promise(() => {}));
    const server = await serveTicks();
    const tab = watch(server.url, { shareTabs: true });
    await server.tick(1);
    await vi.waitFor(() => expect(tab.ids).toEqual([1]));
    await vi.waitFor(() => expect(request).toHaveBeenCalled());
    await vi.advanceTimersByTimeAsync(600_000);
    vi.useRealTimers();
    expect(request.mock.calls.length).toBeLessThan(4);
    expect(tab.connection.state.status).toBe("open");
  });
});

describe("a page whose browser has", () => {
  const storage = (): CursorStorage => ({ getItem: () => null, setItem: () => {}, removeItem: () => {} });

  it.each<Refusal>(
    ["localStorage"].flatMap((name) => [
      ...refusalsOf(globalThis, name),
      ...["getItem", "setItem", "removeItem"].flatMap((method) => {
        const given = storage();
        return refusalsToAwait(given, method).map(([how, refuse]): Refusal => [
          `${name} with ${how}`,
          () => (vi.stubGlobal(name, given), refuse()),
        ]);
      }),
    ]),
  )("%s goes on without a cursor that outlives it", { timeout: 20_000 }, async (how, refuse) => {
    vi.stubGlobal("localStorage", storage());
    vi.stubGlobal("sessionStorage", storage());
    refuse();
    const server = await serveTicks();
    const name = how.startsWith("local") ? "localStorage" : "sessionStorage";
    const onError = vi.fn<(error: unknown) => void>();
    const { connection, ids } = watch(server.url, { storage: name, onError });
    await server.tick(1);
    await vi.waitFor(() => expect(ids).toEqual([1]), { timeout: 5_000 });
    server.cut();
    await server.tick(1);
    await vi.waitFor(() => expect(ids).toEqual([1, 2]), { timeout: 5_000 });
    connection.close();
    expect((await connection.closed).status).toBe("closed");
  });

  it("no storage for it says so once", async () => {
    vi.stubGlobal("localStorage", storage());
    refusalsOf(globalThis, "localStorage").at(-1)?.[1]();
    const server = await serveTicks();
    const onError = vi.fn<(error: unknown) => void>();
    const { connection, ids } = watch(server.url, { storage: "localStorage", onError });
    await server.tick(3);
    await vi.waitFor(() => expect(ids).toEqual([1, 2, 3]));
    connection.close();
    await connection.closed;
    expect(onError.mock.calls.map(([error]) => (error as Error).name)).toEqual(["SecurityError"]);
  });

  it("a storage of its own is named, and another name is refused", () => {
    expect(() => connect("http://127.0.0.1:9/", { storage: "cookies" as never })).toThrow(
      expect.objectContaining({ code: "invalid-option", message: expect.stringContaining("`storage`") }),
    );
  });

  it.each<Refusal>([
    ["EventSource that is absent", () => vi.stubGlobal("EventSource", undefined)],
    ["EventSource that throws", () => vi.stubGlobal("EventSource", insecure)],
  ])("%s reads by fetch", async (_, refuse) => {
    refuse();
    const server = await serveTicks();
    const { ids, connection } = watch(server.url, { transport: viaEventSource(["tick"]) });
    await server.tick(1);
    await vi.waitFor(() => expect(ids).toEqual([1]));
    expect(connection.state.status).toBe("open");
  });
});
