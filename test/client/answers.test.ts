import { connect, ConnectionError } from "ssetarget/client";
import { describe, expect, it, vi } from "vitest";
import { breakOff, frame, openStreamOf, over, serve, statusOf, streamOf } from "./support/scripted-server.ts";
import { watch } from "./support/watched.ts";

describe("an answer", () => {
  it("of 200 and text/event-stream is the stream", async () => {
    const { url, requests } = await serve(openStreamOf(frame(1)));
    const { events, connection, statuses } = watch(url);
    await vi.waitFor(() => expect(events).toEqual([{ type: "tick", id: 1, lastEventId: "1", data: { n: 1 } }]));
    expect(statuses).toEqual(["open"]);
    expect(connection.state).toEqual({ status: "open", attempt: 0, lastEventId: "1" });
    expect(requests[0]).toMatchObject({ method: "GET", path: "/sse", headers: { accept: "text/event-stream" } });
    expect(requests[0]?.headers).not.toHaveProperty("last-event-id");
    expect(requests[0]?.headers["cache-control"]).toBe("no-cache");
  });

  it("of 204 is the end", async () => {
    const { url, requests } = await serve(over);
    const { connection } = watch(url, { lastEventId: "9.e" });
    expect(await connection.closed).toEqual({ status: "ended", attempt: 0, lastEventId: "9.e" });
    expect(requests).toHaveLength(1);
  });

  it.for([400, 401, 403, 404, 405, 406, 410, 418, 302, 305, 201])("of %i is final", async (status) => {
    const { url, requests } = await serve(statusOf(status));
    const { connection } = watch(url);
    const state = await connection.closed;
    expect(state.status).toBe("failed");
    expect(state.error).toBeInstanceOf(ConnectionError);
    expect(state.error).toMatchObject({ code: "request-refused", status });
    expect(requests).toHaveLength(1);
  });

  it.for([500, 502, 503, 504, 408, 425, 429])("of %i is passing", async (status) => {
    const { url, requests } = await serve(statusOf(status), statusOf(status), streamOf(frame(1)), over);
    const { connection, events, statuses } = watch(url);
    await connection.closed;
    expect(events).toHaveLength(1);
    expect(requests).toHaveLength(4);
    expect(statuses).toEqual([
      "waiting",
      "connecting",
      "waiting",
      "connecting",
      "open",
      "waiting",
      "connecting",
      "ended",
    ]);
  });

  it("that says nothing of what it is, or is a page, is final and says so", async () => {
    for (const type of [undefined, "text/html; charset=utf-8", "text/event-streams", "text/x-event-stream"]) {
      const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
      const { url, requests } = await serve(statusOf(200, headers, "<!doctype html><p>Please log in"));
      const state = await watch(url).connection.closed;
      expect(state).toMatchObject({ status: "failed", error: { code: "not-an-event-stream", status: 200 } });
      expect(state.error?.message).toContain(type ?? "null");
      expect(requests).toHaveLength(1);
    }
  });

  it("may have any parameters beside its content type", async () => {
    for (const type of [
      "text/event-stream;charset=utf-8",
      "TEXT/EVENT-STREAM ; a=b",
      "text/event-stream;x=bogus",
      "text/event-stream;",
      "text/event-stream\t;x=1",
      "text/event-stream \t ;\tx=1",
    ]) {
      const { url } = await serve(statusOf(200, { "content-type": type }, frame(1)), over);
      const { connection, events } = watch(url);
      await connection.closed;
      expect(events).toHaveLength(1);
    }
  });

  it("may be a redirect", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const { url } = await serve(statusOf(status, { location: "/elsewhere" }), streamOf(frame(1)), over);
      const { connection, events } = watch(url);
      await connection.closed;
      expect(events).toHaveLength(1);
    }
  });

  it("that never comes is as good as a lost one", async () => {
    const { url, requests } = await serve(() => {}, openStreamOf(frame(1)));
    const { ids } = watch(url, { idleTimeoutMs: 50 });
    await vi.waitFor(() => expect(ids).toContain(1));
    expect(requests.length).toBeGreaterThanOrEqual(2);
  });

  it("that is garbage is no event, and is asked for again", async () => {
    const garbage = Buffer.from(Array.from({ length: 20_000 }, (_, index) => (index * 7919 + (index >> 3)) % 256));
    const { url } = await serve(streamOf(garbage), streamOf("\n\n", frame(1)), over);
    const { connection, events } = watch(url, { onError: () => {} });
    await connection.closed;
    expect(events).toMatchObject([{ type: "tick", id: 1, data: { n: 1 } }]);
  });

  it("that breaks off is asked for again", async () => {
    const { url } = await serve(breakOff, breakOff, streamOf(frame(1)), over);
    const { connection, events, statuses } = watch(url);
    await connection.closed;
    expect(events).toHaveLength(1);
    expect(statuses.slice(0, 2)).toEqual(["waiting", "connecting"]);
  });

  it("says while it is waited for what is wrong, and when it is tried again", async () => {
    const { url } = await serve(statusOf(502));
    const beginMs = Date.now();
    const { connection } = watch(url, { backoff: { minMs: 20_000, maxMs: 60_000 } });
    await vi.waitFor(() => expect(connection.state.status).toBe("waiting"));
    const { state } = connection;
    expect(state).toMatchObject({ attempt: 1, error: { code: "connection-lost", status: 502 } });
    expect(state.retryAtMs).toBeGreaterThanOrEqual(beginMs + 19_000);
    expect(Object.isFrozen(state)).toBe(true);
    expect(connection.state).toBe(state);
  });

  it("of a server that cannot be reached is waited for", async () => {
    const connection = connect("http://127.0.0.1:1/sse");
    await vi.waitFor(() => expect(connection.state.status).toBe("waiting"));
    expect(connection.state.error).toMatchObject({ code: "connection-lost", status: undefined });
    expect(connection.state.error?.message).toContain("fetch failed");
    connection.close();
  });
});

describe("a request that could never be made", () => {
  it.for([
    ["a cursor with a line break", { lastEventId: "1\n2" }, "lastEventId"],
    ["a cursor that is too long", { lastEventId: "1".repeat(4_097) }, "lastEventId"],
    ["a cursor that is no text", { lastEventId: 7 as unknown as string }, "lastEventId"],
    ["a body without a method", { body: "x" }, "body"],
    ["a method that `fetch` refuses", { method: "TRACE" }, "method"],
    ["a method that is none", { method: "GET /" }, "method"],
    ["credentials that are none", { credentials: "all" as "include" }, "credentials"],
    ["a body of a GET", { method: "get", body: "x" }, "body"],
  ] as const)("because of %s is refused at once", ([, options, option]) => {
    const open = () => connect("http://h/sse", options);
    expect(open).toThrow(expect.objectContaining({ code: "invalid-option" }));
    expect(open).toThrow(`\`${option}\``);
  });
});

describe("a token", () => {
  const bearers = (requests: readonly { readonly headers: { readonly authorization?: string } }[]) =>
    requests.map(({ headers }) => headers.authorization);

  it("goes out with each request", async () => {
    const { url, requests } = await serve(streamOf(frame(1)), over);
    await watch(url, { token: "secret" }).connection.closed;
    expect(bearers(requests)).toEqual(["Bearer secret", "Bearer secret"]);
  });

  it("may be a function, sync or async, which is asked at each try", async () => {
    for (const wrap of [<T>(value: T) => value, <T>(value: T) => Promise.resolve(value)]) {
      let count = 0;
      const { url, requests } = await serve(streamOf(frame(1)), over);
      await watch(url, { token: () => wrap(`t${++count}`) }).connection.closed;
      expect(bearers(requests)).toEqual(["Bearer t1", "Bearer t2"]);
    }
  });

  it("of a function is asked for once more after a 401, and told so", async () => {
    const { url, requests } = await serve(statusOf(401), streamOf(frame(1)), over);
    const { connection, events } = watch(url, { token: ({ wasRefused }) => (wasRefused ? "fresh" : "stale") });
    await connection.closed;
    expect(events).toHaveLength(1);
    expect(bearers(requests)).toEqual(["Bearer stale", "Bearer fresh", "Bearer stale"]);
  });

  it("that is refused twice fails", async () => {
    const { url, requests } = await serve(statusOf(401));
    const state = await watch(url, { token: () => "wrong" }).connection.closed;
    expect(state).toMatchObject({ status: "failed", error: { status: 401 } });
    expect(requests).toHaveLength(2);
  });

  it("that cannot be had is asked for again", async () => {
    const { url, requests } = await serve(over);
    let tries = 0;
    const { connection, states } = watch(url, {
      token: async () => {
        if (++tries < 3) throw new Error("no token just now");
        return "t";
      },
    });
    expect((await connection.closed).status).toBe("ended");
    const errors = states.flatMap(({ error }) => error?.message ?? []);
    expect(errors).toEqual(["Error: no token just now", "Error: no token just now"]);
    expect(requests).toHaveLength(1);
  });

  it("that hangs does not hang the connection", async () => {
    let tries = 0;
    const { url } = await serve(over);
    const { connection } = watch(url, {
      idleTimeoutMs: 30,
      token: () => (++tries === 1 ? new Promise(() => {}) : "t"),
    });
    expect((await connection.closed).status).toBe("ended");
    // At a slow answer the client asks once more.
    expect(tries).toBeGreaterThanOrEqual(2);
  });

  it("may be absent: then nothing goes out", async () => {
    const { url, requests } = await serve(over);
    await watch(url, { token: () => null }).connection.closed;
    expect(bearers(requests)).toEqual([undefined]);
  });
});

describe("a request", () => {
  it("may have headers, a method and a body, which are sent again at each try", async () => {
    const { url, requests } = await serve(streamOf(frame(1)), over);
    const headers = { "content-type": "application/json", "x-tenant": "a" };
    await watch(url, { method: "POST", body: '{"question":1}', headers }).connection.closed;
    expect(requests).toHaveLength(2);
    for (const request of requests) {
      expect(request).toMatchObject({ method: "POST", body: '{"question":1}', headers });
    }
    expect(requests[1]?.headers["last-event-id"]).toBe("1");
  });

  it("asks a function for its headers, once more after a 401", async () => {
    const { url, requests } = await serve(statusOf(401), over);
    await watch(url, { headers: ({ wasRefused }) => ({ "x-key": wasRefused ? "new" : "old" }) }).connection.closed;
    expect(requests.map(({ headers }) => headers["x-key"])).toEqual(["old", "new"]);
  });

  it("goes out by the `fetch` that is given", async () => {
    const seen: unknown[] = [];
    const state = await watch("http://nowhere.invalid/sse", {
      fetch: async (url, init) => {
        seen.push([url, init.cache, init.headers.get("accept")]);
        return new Response(null, { status: 204 });
      },
    }).connection.closed;
    expect(state.status).toBe("ended");
    expect(seen).toEqual([["http://nowhere.invalid/sse", "no-store", "text/event-stream"]]);
  });

  it("goes to a URL, as an object or as text, without what is behind its #", async () => {
    const { url, requests } = await serve(over);
    await connect(new URL(`${url}?run=1#here`)).closed;
    await connect(`${url}?run=1#there`).closed;
    expect(requests.map(({ path }) => path)).toEqual(["/sse?run=1", "/sse?run=1"]);
  });

  it("is not made where the URL cannot be one", () => {
    for (const url of ["/sse", "", "http://", "http://user:pass@host/"]) {
      expect(() => connect(url)).toThrow(
        expect.objectContaining({ code: "invalid-option", message: expect.stringContaining("`url`") }),
      );
    }
    expect(() => connect("http://user:hush@host/")).toThrow(/^(?!.*hush).*password/);
  });

  it("is not made where an option cannot work", () => {
    for (const options of [
      { backoff: { minMs: 0 } },
      { backoff: { maxMs: -1 } },
      { idleTimeoutMs: Number.NaN },
      { maxEventLength: 2 ** 40 },
    ]) {
      const [name = ""] = Object.keys(options);
      expect(() => connect("http://h/", options)).toThrow(
        expect.objectContaining({ code: "invalid-option", message: expect.stringContaining(name) }),
      );
    }
  });
});
