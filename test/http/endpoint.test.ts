import { SSEHub, SSETarget, type Authorization, type StreamEvent } from "ssetarget";
import { describe, expect, it, vi } from "vitest";
import { get, SSEReader } from "../support/sse-client.ts";
import { CreditSink, head, TestClient, turns } from "../support/test-client.ts";

const request = (method: string, headers: Record<string, string> = {}, path = "/sse") =>
  new Request(`http://localhost${path}`, { method, headers });

describe("the endpoint", () => {
  it("answers GET with an event stream that proxies neither buffer, cache nor transform", async () => {
    const response = await new SSETarget("/sse").fetch(get("/sse"));
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      incremental: "?1",
      "ssetarget-stream": expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
    await response.body?.cancel();
  });

  it("answers HEAD and OPTIONS without a subscription or a timer", async () => {
    vi.useFakeTimers();
    const target = new SSETarget("/sse");
    const headOnly = await target.fetch(request("HEAD"));
    expect([headOnly.status, headOnly.body, headOnly.headers.get("content-type")]).toEqual([
      200,
      null,
      "text/event-stream; charset=utf-8",
    ]);
    const options = await target.fetch(request("OPTIONS"));
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
    expect([target.connectionCount, vi.getTimerCount()]).toEqual([0, 0]);
    vi.useRealTimers();
  });

  it.each([
    ["404 for another path", request("GET", {}, "/other"), 404],
    ["404 for a path below", request("GET", {}, "/sse/x"), 404],
    ["405 for another method", request("POST"), 405],
    ["406 where the stream is not accepted", request("GET", { accept: "application/json" }), 406],
    ["406 where the stream is refused", request("GET", { accept: "text/event-stream;q=0, text/html" }), 406],
  ])("answers %s, in a plain sentence", async (_name, asked, status) => {
    const response = await new SSETarget("/sse").fetch(asked);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await response.text()).toMatch(/^[A-Z].*\.\n$/);
  });

  it.each(["*/*", "text/*", "text/html, text/event-stream;q=0.5", "TEXT/EVENT-STREAM", ""])(
    "takes an Accept header of %j",
    async (accept) => {
      const response = await new SSETarget("/sse").fetch(request("GET", { accept }));
      expect(response.status).toBe(200);
      await response.body?.cancel();
    },
  );

  it("refuses connections beyond maxConnections with 503 and Retry-After", async () => {
    const target = new SSETarget("/sse", undefined, { maxConnections: 1 });
    const first = new TestClient(target);
    await first.connect();
    const refused = await target.fetch(get("/sse"));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    first.disconnect();
    expect(await new TestClient(target).connect()).toBe(200);
  });

  it("counts requests when they are admitted, however long exists takes", async () => {
    const errors: unknown[] = [];
    let admit: (() => void)[] = [];
    const hub = new SSEHub("/:id", {
      maxConnections: 50,
      exists: () => new Promise((resolve) => admit.push(() => resolve(true))),
      onError: (error) => errors.push(error),
    });
    const asked = Array.from({ length: 2_000 }, (_, n) => hub.fetch(get(`/${n}`)));
    await turns();
    expect(admit).toHaveLength(50);
    for (const open of admit) open();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect([statuses.filter((status) => status === 200).length, hub.connectionCount]).toEqual([50, 50]);
    expect([statuses.filter((status) => status === 503).length, errors]).toEqual([1_950, []]);
    admit = [];
  });

  it.each(["authorize", "exists"] as const)(
    "bounds the requests that wait for %s, and gives each place back",
    async (which) => {
      const answers: ((answer: boolean | Error) => void)[] = [];
      const hub = new SSEHub("/:id", {
        maxPendingRequests: 3,
        [which]: () =>
          new Promise((resolve, reject) =>
            answers.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
          ),
      });
      for (const method of ["GET", "HEAD"]) {
        for (const answer of [true, false, new Error("down")]) {
          const asked = Array.from({ length: 4 }, () => hub.fetch(request(method, {}, "/a")));
          await turns();
          expect(answers).toHaveLength(3);
          for (const give of answers.splice(0)) give(answer);
          const responses = await Promise.all(asked);
          expect(responses.filter(({ status }) => status === 503).length).toBe(
            // Without an answer there is nothing that a HEAD could say.
            method === "HEAD" && which === "exists" && answer instanceof Error ? 4 : 1,
          );
          expect(responses.at(-1)?.headers.get("retry-after")).toBe("5");
          for (const response of responses) await response.body?.cancel();
          expect(hub.connectionCount).toBe(0);
        }
      }
    },
  );

  it("gives the place of a request back whose client is gone, and of an adapter that never connects", async () => {
    const target = new SSETarget("/sse", undefined, { maxConnections: 1, maxPendingRequests: 1 });
    for (let round = 0; round < 3; round++) {
      const response = await target.fetch(new Request("http://localhost/sse", { signal: AbortSignal.abort() }));
      expect([response.status, target.connectionCount]).toEqual([200, 0]);
      expect((await target.handle(head("/sse"))).kind).toBe("stream");
    }
    // One that connects too late is sent away.
    const late = await target.handle(head("/sse"));
    const first = new TestClient(target);
    await first.connect();
    const sink = new CreditSink();
    if (late.kind === "stream") late.connect(sink);
    expect([sink.isEnded, first.isConnected, target.connectionCount]).toEqual([true, true, 1]);
  });

  it("notices a client that leaves by an aborted request as well as by a cancelled body", async () => {
    const target = new SSETarget("/sse");
    const leaving = new AbortController();
    await target.fetch(new Request("http://localhost/sse", { signal: leaving.signal }));
    const cancelled = await target.fetch(get("/sse"));
    expect(target.connectionCount).toBe(2);
    leaving.abort();
    expect(target.connectionCount).toBe(1);
    await cancelled.body?.cancel();
    expect(target.connectionCount).toBe(0);
  });
});

describe("authorize", () => {
  it.each<[Authorization | string, number]>([
    [true, 200],
    [false, 403],
    [401, 401],
    [403, 403],
    [404, 404],
    ["yes", 403],
  ])(
    "answering %j makes the response %i, before any byte of the stream and for history as for what is live",
    async (answer, status) => {
      const target = new SSETarget<StreamEvent & { secret: string }>("/sse", undefined, {
        authorize: async () => answer as Authorization,
      });
      await target.dispatchEvent({ type: "x", secret: "in the history" });
      for (const asked of [get("/sse"), get("/sse?lastEventId=0"), get("/sse", { "last-event-id": "abc" })]) {
        const response = await target.fetch(asked);
        expect(response.status).toBe(status);
        if (status === 200) await response.body?.cancel();
        else expect(await response.text()).not.toContain("secret");
      }
      expect((await target.fetch(request("HEAD"))).status).toBe(status);
    },
  );

  it("is given the request and the stream, and refuses where it throws, telling onError and not the client", async () => {
    const errors: unknown[] = [];
    const seen: unknown[] = [];
    const target = new SSETarget("/sse", undefined, {
      authorize: (asked, stream) => {
        seen.push(asked.headers.get("authorization"), stream);
        throw new Error("the password of the database is hunter2");
      },
      onError: (error) => errors.push(error),
    });
    const response = await target.fetch(get("/sse", { authorization: "Bearer x" }));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("hunter2");
    expect([seen, errors.length]).toEqual([["Bearer x", "/sse"], 1]);
  });

  it("asks for credentials with 401", async () => {
    const target = new SSETarget("/sse", undefined, { authorize: () => 401 });
    expect((await target.fetch(get("/sse"))).headers.get("www-authenticate")).toBe("Bearer");
  });
});

describe("CORS", () => {
  const origin = "https://shop.example";

  it("is off unless asked for", async () => {
    const response = await new SSETarget("/sse").fetch(request("HEAD", { origin }));
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("lets any origin in without credentials, refusals included", async () => {
    const target = new SSETarget("/sse", undefined, { cors: true, authorize: () => false });
    const response = await target.fetch(get("/sse", { origin }));
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([403, "*"]);
  });

  it("answers a preflight without asking authorize", async () => {
    const target = new SSETarget("/sse", undefined, {
      cors: { origin: [origin], credentials: true },
      authorize: () => 401,
    });
    const response = await target.fetch(request("OPTIONS", { origin, "access-control-request-method": "GET" }));
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-allow-headers": "authorization, cache-control, last-event-id",
      vary: "Origin",
    });
    const other = await target.fetch(request("OPTIONS", { origin: "https://evil.example" }));
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    expect(other.headers.get("vary")).toBe("Origin");
  });
});

describe("a store that fails", () => {
  it("sends a connecting client away to come back, and the server's own error nowhere near it", async () => {
    const errors: unknown[] = [];
    const store = {
      storeEvent: () => Promise.reject(new Error("down")),
      getEvents: () => Promise.reject(new Error("down: redis://user:secret@host")),
    };
    const target = new SSETarget<StreamEvent>("/sse", store, { onError: (error) => errors.push(error) });
    const reader = await new SSEReader(await target.fetch(get("/sse"))).readToEnd();
    expect(reader.text).toMatch(/^retry: \d+\n\n$/);
    expect(errors.map(String)).toEqual(["Error: down: redis://user:secret@host"]);
    await expect(target.dispatchEvent({ type: "x" })).rejects.toThrow("down");
    expect(target.connectionCount).toBe(0);
  });

  it("that hangs is given up on after storeTimeoutMs", async () => {
    vi.useFakeTimers();
    const errors: unknown[] = [];
    const store = { storeEvent: () => new Promise<never>(() => {}), getEvents: () => new Promise<never>(() => {}) };
    const target = new SSETarget("/sse", store, { storeTimeoutMs: 500, onError: (error) => errors.push(error) });
    const connecting = target.fetch(get("/sse"));
    await vi.advanceTimersByTimeAsync(500);
    const reader = await new SSEReader(await connecting).readToEnd();
    expect(reader.retries).toHaveLength(1);
    expect(errors).toEqual([expect.objectContaining({ code: "timeout" })]);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it.each(["authorize", "exists"] as const)("is not the only one: %s that hangs is given up on too", async (which) => {
    vi.useFakeTimers();
    const errors: unknown[] = [];
    const hub = new SSEHub("/:id", {
      [which]: () => new Promise<never>(() => {}),
      storeTimeoutMs: 500,
      onError: (error) => errors.push(error),
    });
    const connecting = hub.fetch(get("/a"));
    await vi.advanceTimersByTimeAsync(500);
    const response = await connecting;
    // Nothing of a stream may be sent where nobody has said that it may be read.
    expect(response.status).toBe(which === "authorize" ? 500 : 200);
    expect(errors).toEqual([expect.objectContaining({ code: "timeout", message: expect.stringContaining(which) })]);
    await response.body?.cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("in the middle of a replay ends the connection, which resumes where it was", async () => {
    const errors: unknown[] = [];
    let isBroken = false;
    const events = Array.from({ length: 2_000 }, (_, index) => ({ type: "x", id: index + 1, text: "x".repeat(400) }));
    const store = {
      storeEvent: async (event: StreamEvent) => ({ ...event, id: 2_001 }),
      getEvents: async (afterId: number) => {
        if (isBroken) throw new Error("broken pipe");
        return events.slice(afterId);
      },
    };
    const target = new SSETarget<StreamEvent>("/sse", store, { onError: (error) => errors.push(error) });
    const client = new TestClient(target);
    await client.connect(2);
    await turns();
    isBroken = true;
    client.sink.drain(1);
    await turns();
    expect([client.isConnected, errors.length]).toEqual([false, 1]);
    isBroken = false;
    client.disconnect();
    await client.connect();
    await turns(40);
    expect(client.ids).toEqual(events.map(({ id }) => id));
    expect(client.gaps).toEqual([]);
  });
});
