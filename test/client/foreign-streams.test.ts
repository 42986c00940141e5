import { sendEvents, ServerSentEvent } from "ssetarget";
import { describe, expect, it, vi } from "vitest";
import { frame, openStreamOf, ours, over, serve, streamOf } from "./support/scripted-server.ts";
import { watch } from "./support/watched.ts";

const sentBack = (requests: readonly { readonly headers: NodeJS.Dict<unknown> }[]) =>
  requests.map(({ headers }) => headers["last-event-id"]);

/** Every stream of another server, and our own whose ids are the user's: handed over as an `EventSource` does. */
describe("a stream that is not of a target", () => {
  it.for([
    ["one id for all", ["1", "1", "1"], ["2"]],
    ["a counter that restarts with each connection", ["0", "1", "2"], ["0", "1", "2"]],
    ["numbers that go down", ["9", "5", "1"], ["0"]],
    ["times with fractions", ["1503435956.000247", "1503435956.000248"], ["1503435955.5", "1503435957.5"]],
    ["versions", ["1.0", "1.1", "2.0", "1.1"], ["1.1", "1.0"]],
    ["text", ["b", "a", "a"], ["a"]],
    ["big and odd numbers", ["99999999999999999999", "007", "-1", "1e3", "0x1"], ["1", "1"]],
    ["ids that become numbers", ["a", "5", "4", "a"], ["3"]],
  ] as const)("with %s is handed over whole", async ([, first, second]) => {
    const { url, requests } = await serve(
      streamOf(...first.map((id, n) => frame(id, { n }))),
      streamOf(...second.map((id, n) => frame(id, { n: n + 10 }))),
      over,
    );
    const { connection, events } = watch(url);
    await connection.closed;
    expect(events.map(({ lastEventId }) => lastEventId)).toEqual([...first, ...second]);
    expect(events.map(({ data }) => data)).toEqual([
      ...first.map((_, n) => ({ n })),
      ...second.map((_, n) => ({ n: n + 10 })),
    ]);
    expect(sentBack(requests)).toEqual([undefined, first.at(-1), second.at(-1)]);
  });

  it("may have ids for some of its events, and empty ones", async () => {
    const text = "id: 1\ndata: 1\n\ndata: 2\n\nid\ndata: 3\n\ndata: 4\n\nid: 1\ndata: 5\n\nid: 1\ndata: 6\n\n";
    const { url, requests } = await serve(streamOf(text), streamOf("data: 7\n\n"), over);
    const { connection, events } = watch(url);
    await connection.closed;
    expect(events.map(({ data }) => data)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(events.map(({ lastEventId }) => lastEventId)).toEqual(["1", "1", "", "", "1", "1", "1"]);
    expect(sentBack(requests)).toEqual([undefined, "1", "1"]);
  });

  it("may stand where one of ours was, whose cursor is still there", async () => {
    for (const lastEventId of ["7", "7.e", "7.5"]) {
      const { url } = await serve(streamOf(frame(1), frame(2), frame(1)), over);
      const { connection, events } = watch(url, { lastEventId });
      await connection.closed;
      expect(events.map(({ lastEventId: id }) => id)).toEqual(["1", "2", "1"]);
    }
  });

  it("may be an answer of `sendEvents`, which counts anew each time", async () => {
    let answers = 0;
    const { connection, events } = watch("http://h/", {
      fetch: async (url, init) => {
        if (answers++ === 2) return new Response(null, { status: 204 });
        const target = sendEvents(new Request(url, init));
        for (const n of [1, 2, 3]) target.dispatchEvent(new ServerSentEvent("tick", { id: n, data: { n } }));
        void target.close();
        return target.response;
      },
    });
    await connection.closed;
    expect(events.map(({ lastEventId }) => lastEventId)).toEqual(["1", "2", "3", "1", "2", "3"]);
  });

  it("is not shared by tabs: each gets what the server sends to it", async () => {
    const { url, requests } = await serve(openStreamOf(frame(0), frame(1), frame(1)));
    const tabs = Array.from({ length: 3 }, () => watch(url, { shareTabs: true }));
    await vi.waitFor(() => {
      for (const { ids } of tabs) expect(ids).toEqual([0, 1, 1]);
    });
    expect(requests).toHaveLength(3);
    for (const { response } of requests) response.write(frame(0));
    await vi.waitFor(() => {
      for (const { ids } of tabs) expect(ids).toEqual([0, 1, 1, 0]);
    });
    for (const { connection } of tabs) expect(connection.state.status).toBe("open");
  });
});

describe("a stream of a target", () => {
  it("is told apart by cursors though its store names no history", async () => {
    const { url } = await serve(ours(streamOf(frame(1), frame(2))), ours(streamOf(frame(2), frame(3))), over);
    const { connection, ids } = watch(url);
    await connection.closed;
    expect(ids).toEqual([1, 2, 3]);
  });
});
