import { dataEvent, type DataEvent, SSETarget } from "ssetarget";
import { connect, type EventConnection, type UnknownEvent } from "ssetarget/client";
import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { frame, openStreamOf, over, serve, statusOf, streamOf } from "./support/scripted-server.ts";
import { serveTicks, type Tick } from "./support/tick-server.ts";
import { watch } from "./support/watched.ts";

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("a listener", () => {
  it("hears of its type, of all, of gaps and of the end", async () => {
    const server = await serveTicks();
    await server.tick(1);
    await server.target.complete();
    const connection = connect<Tick>(server.url, { lastEventId: "77" });
    const heard: string[] = [];
    connection.addEventListener("tick", ({ type, data, id }) => heard.push(`${type} ${data.n} ${id}`));
    connection.addEventListener("ssetarget:gap", ({ data }) => heard.push(`${data.reason} ${data.resumesAt}`));
    connection.addEventListener("ssetarget:end", ({ id }) => heard.push(`end ${id}`));
    connection.addEventListener("*", ({ type }) => heard.push(`* ${type}`));
    await connection.closed;
    expect(heard).toEqual(["reset 1", "* ssetarget:gap", "tick 1 1", "* tick", "end 2", "* ssetarget:end"]);
  });

  it("gets what the wire says of an event and the event's own data apart, both whole", async () => {
    const target = new SSETarget<{ type: string; [field: string]: unknown }>("/sse");
    const payloads = [{ id: "p_1", type: "paid", lastEventId: "x", data: 1 }, "text", 5, null, [1, { id: 2 }], true];
    for (const payload of payloads) await target.dispatchEvent(dataEvent("events", payload) as never);
    await target.dispatchEvent({ type: "plain", data: { type: "inner" }, lastEventId: "mine", "ssetarget:gap": 1 });
    await target.complete({ reason: "completed" });
    const { connection, events } = watch("http://h/sse", {
      fetch: (url, init) => target.fetch(new Request(url, init)),
    });
    await connection.closed;
    const epoch = connection.lastEventId.split(".")[1];
    const expected = [
      ...payloads.map((data) => ({ type: "events", data })),
      { type: "plain", data: { data: { type: "inner" }, lastEventId: "mine", "ssetarget:gap": 1 } },
      { type: "ssetarget:end", data: { key: "ssetarget:end", reason: "completed" } },
    ];
    expect(events).toEqual(
      expected.map((event, index) => ({ ...event, id: index + 1, lastEventId: `${index + 1}.${epoch}` })),
    );
  });

  it("is typed by the event's type", () => {
    type Events = { type: "a"; x: number } | { type: "b"; y: string } | DataEvent<"paid", { id: string; type: string }>;
    // oxlint-disable-next-line unicorn/consistent-function-scoping -- Never called: it is for the compiler.
    const check = (connection: ReturnType<typeof connect<Events>>, untyped: EventConnection<UnknownEvent>) => {
      connection.addEventListener("a", (event) =>
        expectTypeOf(event.data).toEqualTypeOf<Omit<{ type: "a"; x: number }, "type" | "id">>(),
      );
      connection.addEventListener("ssetarget:end", (event) =>
        expectTypeOf(event.id).toEqualTypeOf<number | undefined>(),
      );
      connection.addEventListener("paid", ({ data }) =>
        expectTypeOf(data).toEqualTypeOf<{ id: string; type: string }>(),
      );
      connection.addEventListener("*", (event) => {
        if (event.type === "b") expectTypeOf(event.data.y).toEqualTypeOf<string>();
        if (event.type === "ssetarget:gap") expectTypeOf(event.data.resumesAt).toEqualTypeOf<number>();
      });
      // @ts-expect-error -- There is no such type.
      connection.addEventListener("c", () => {});
      untyped.addEventListener("anything", (event) => expectTypeOf(event.data).toEqualTypeOf<unknown>());
    };
    expect(check).toBeTypeOf("function");
  });

  it("is called while `lastEventId` is that of its event", async () => {
    const { url } = await serve(streamOf(frame("1.e"), frame("2.e"), frame("3.e")), over);
    const { connection } = watch(url);
    const cursors: string[] = [];
    connection.addEventListener("tick", () => cursors.push(connection.lastEventId));
    await connection.closed;
    expect(cursors).toEqual(["1.e", "2.e", "3.e"]);
  });

  it("is called once though it was added twice, and no more once it was removed", async () => {
    const { url } = await serve(streamOf(frame(1), frame(2)), over);
    const { connection } = watch(url);
    const calls: unknown[] = [];
    const listener = ({ id }: { id?: number }) => {
      calls.push(id);
      connection.removeEventListener("tick", listener);
    };
    connection.addEventListener("tick", listener);
    connection.addEventListener("tick", listener);
    await connection.closed;
    expect(calls).toEqual([1]);
  });

  it("that throws disturbs nobody, and `onError` hears of it", async () => {
    const errors: unknown[] = [];
    const { url } = await serve(streamOf(frame(1), frame(2)), over);
    const { connection, ids } = watch(url, { onError: (error) => errors.push(error) });
    const error = new Error("mine");
    connection.addEventListener("tick", () => {
      throw error;
    });
    connection.subscribe(() => {
      throw error;
    });
    await connection.closed;
    expect(ids).toEqual([1, 2]);
    expect(new Set(errors)).toEqual(new Set([error]));
    expect(errors.length).toBeGreaterThan(3);
  });

  it("that throws is reported as uncaught where nobody wants to hear of it", async () => {
    const uncaught = vi.fn<(error: unknown) => void>();
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", uncaught);
    try {
      const { url } = await serve(streamOf(frame(1)), over);
      const { connection } = watch(url);
      connection.addEventListener("tick", () => {
        throw new Error("mine");
      });
      await connection.closed;
      await turn();
    } finally {
      process.removeAllListeners("uncaughtException");
      for (const other of others) process.on("uncaughtException", other);
    }
    expect(uncaught.mock.calls.map(([error]) => (error as Error).message)).toEqual(["mine"]);
  });

  it("and `onError` may both throw: everything is handed over, and what was thrown is uncaught", async () => {
    const uncaught: unknown[] = [];
    const before = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => uncaught.push(error));
    try {
      const { url } = await serve(streamOf(frame(1), "id: 2\nevent: tick\ndata: {oops\n\n", frame(3)), over);
      const { connection, ids } = watch(url, {
        onError: (error) => {
          throw error;
        },
      });
      const thrown = new Error("of a listener");
      connection.addEventListener("tick", () => {
        throw thrown;
      });
      await connection.closed;
      await vi.waitFor(() => expect(uncaught).toHaveLength(3));
      expect(ids).toEqual([1, 3]);
      expect(uncaught).toEqual(expect.arrayContaining([thrown, expect.objectContaining({ code: "invalid-event" })]));
    } finally {
      process.removeAllListeners("uncaughtException");
      for (const listener of before) process.on("uncaughtException", listener);
    }
  });

  it("may close the connection: nothing follows", async () => {
    const { url } = await serve(openStreamOf(frame(1), frame(2)));
    const { connection, ids } = watch(url);
    connection.addEventListener("tick", () => connection.close());
    expect(await connection.closed).toEqual({ status: "closed", attempt: 0, lastEventId: "1" });
    await turn();
    expect(ids).toEqual([1]);
  });
});

describe("a loop", () => {
  it("gets every event, and ends with the stream", async () => {
    const server = await serveTicks();
    await server.tick(3);
    await server.target.complete();
    const ids: number[] = [];
    for await (const event of connect<Tick>(server.url)) if (event.type === "tick") ids.push(event.data.n);
    expect(ids).toEqual([1, 2, 3]);
  });

  it("gets what arrives while it is busy, though the stream has ended meanwhile", async () => {
    const { url } = await serve(streamOf(frame(1), frame(2), "id: 3\nevent: ssetarget:end\ndata: {}\n\n"));
    const { connection } = watch(url);
    const ids: unknown[] = [];
    for await (const event of connection) {
      ids.push(event.id);
      await turn();
      if (ids.length < 3) expect(connection.state.status).toBe("open");
    }
    expect(ids).toEqual([1, 2, 3]);
    expect(connection.state.status).toBe("ended");
  });

  it("ends when the connection is closed, whatever waits", async () => {
    const { url } = await serve(openStreamOf(frame(1), frame(2), frame(3)));
    const { connection } = watch(url);
    const ids: unknown[] = [];
    for await (const event of connection) {
      ids.push(event.id);
      if (ids.length === 2) connection.close();
    }
    expect(ids).toEqual([1, 2]);
  });

  it("rejects with the error where the server has refused", async () => {
    const { url } = await serve(streamOf(frame(1)), statusOf(403));
    const { connection } = watch(url);
    const ids: unknown[] = [];
    await expect(async () => {
      for await (const event of connection) ids.push(event.id);
    }).rejects.toMatchObject({ code: "request-refused", status: 403 });
    expect(ids).toEqual([1]);
  });

  it("rejects with the signal's reason where that was aborted, before or while it runs", async () => {
    const { url } = await serve(openStreamOf(frame(1)));
    const reason = new Error("enough");
    const controller = new AbortController();
    await expect(async () => {
      for await (const event of connect(url, { signal: controller.signal })) if (event) controller.abort(reason);
    }).rejects.toBe(reason);
    await expect(connect(url, { signal: controller.signal })[Symbol.asyncIterator]().next()).rejects.toBe(reason);
  });

  it("that is left leaves the connection open; another one gets what is handed over from then on", async () => {
    const { url, requests } = await serve(openStreamOf(frame(1), frame(2)));
    const { connection, ids } = watch(url);
    const loop = connection[Symbol.asyncIterator]();
    await loop.next();
    await loop.return?.();
    await vi.waitFor(() => expect(ids).toEqual([1, 2]));
    requests[0]?.response.write(frame(3));
    for await (const event of connection) {
      expect(event).toMatchObject({ id: 3 });
      break;
    }
    expect(connection.state.status).toBe("open");
    expect(ids).toEqual([1, 2, 3]);
  });

  it("that is busy holds everything back, and the server with it", async () => {
    const chunk = frame(1, { text: "x".repeat(1000) }).replaceAll("\n\n", "\n");
    let written = 0;
    let isFull = false;
    const { url } = await serve((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const more = () => {
        while (written < 100_000) {
          written++;
          if (!response.write(`${chunk.replace("id: 1", `id: ${written}`)}\n`)) {
            isFull = true;
            response.once("drain", more);
            return;
          }
        }
      };
      more();
    });
    const { connection, ids } = watch(url);
    const events = connection[Symbol.asyncIterator]();
    await events.next();
    await vi.waitFor(() => expect(isFull).toBe(true));
    let before = -1;
    // Buffers on the way fill up, and then nothing moves any more.
    while (before !== written) {
      before = written;
      for (let turns = 0; turns < 50; turns++) await turn();
    }
    expect(written).toBeLessThan(50_000);
    expect(ids).toEqual([1]);
    for (let id = 2; id <= 3000; id++) expect((await events.next()).value).toMatchObject({ id });
    expect(ids).toHaveLength(3000);
  });

  it("beside another gets each event too, and the slower one sets the pace", async () => {
    const { url } = await serve(streamOf(frame(1), frame(2), frame(3)), over);
    const { connection } = watch(url);
    const seen: string[] = [];
    const loop = async (name: string, turns: number) => {
      for await (const event of connection) {
        seen.push(`${name}${event.id}`);
        for (let count = 0; count < turns; count++) await turn();
      }
    };
    await Promise.all([loop("fast", 0), loop("slow", 5)]);
    expect(seen).toEqual(["fast1", "slow1", "fast2", "slow2", "fast3", "slow3"]);
  });
});

describe("closing", () => {
  it("breaks the connection off, once", async () => {
    const { url, requests } = await serve(openStreamOf(frame(1)));
    const { connection, statuses, events } = watch(url);
    await vi.waitFor(() => expect(events).toHaveLength(1));
    connection.close();
    connection.close();
    connection.reconnect();
    expect((await connection.closed).status).toBe("closed");
    expect(statuses).toEqual(["open", "closed"]);
    await vi.waitFor(() => expect(requests[0]?.response.destroyed).toBe(true));
    expect(requests).toHaveLength(1);
  });

  it("works before there is a request, and while there is no answer", async () => {
    const { url, requests } = await serve(() => {});
    connect(url).close();
    const { connection } = watch(url);
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    connection.close();
    await vi.waitFor(() => expect(requests[0]?.response.destroyed).toBe(true));
    expect(requests).toHaveLength(1);
  });

  it("is what a signal does, and `using`", async () => {
    const { url } = await serve(openStreamOf(frame(1)));
    const controller = new AbortController();
    const aborted = connect(url, { signal: controller.signal });
    controller.abort();
    expect((await aborted.closed).status).toBe("closed");
    let used;
    {
      using connection = connect(url);
      used = connection;
    }
    expect(used.state.status).toBe("closed");
    expect(connect(url, { signal: controller.signal }).state.status).toBe("closed");
  });

  it("leaves no listener on the signal", async () => {
    const { url } = await serve(over);
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    signal.addEventListener = (type: string, listener: unknown, options: { signal?: AbortSignal }) => {
      listeners++;
      options.signal?.addEventListener("abort", () => listeners--);
      add(type, listener as () => void, options);
    };
    await connect(url, { signal }).closed;
    expect(listeners).toBe(0);
  });

  it("lets go of a `fetch` that knows no signal", async () => {
    let cancelled = 0;
    const response = () =>
      new Response(new ReadableStream({ cancel: () => void cancelled++ }), {
        headers: { "content-type": "text/event-stream" },
      });
    const opened = watch("http://h/", { fetch: async () => response() });
    await vi.waitFor(() => expect(opened.connection.state.status).toBe("open"));
    opened.connection.close();
    await vi.waitFor(() => expect(cancelled).toBe(1));
    let answer: (response: Response) => void = () => {};
    const asked = watch("http://h/", { fetch: () => new Promise((resolve) => (answer = resolve)) });
    await turn();
    asked.connection.close();
    answer(response());
    await vi.waitFor(() => expect(cancelled).toBe(2));
  });
});

describe("reconnect", () => {
  it("replaces an open connection, which goes on at the cursor", async () => {
    const { url, requests } = await serve(openStreamOf(frame(1)), openStreamOf(frame(2)));
    const { connection, ids, statuses } = watch(url);
    await vi.waitFor(() => expect(ids).toEqual([1]));
    connection.reconnect();
    await vi.waitFor(() => expect(ids).toEqual([1, 2]));
    expect(requests[1]?.headers["last-event-id"]).toBe("1");
    expect(statuses).toEqual(["open", "connecting", "open"]);
    await vi.waitFor(() => expect(requests[0]?.response.destroyed).toBe(true));
  });

  it("tries again after a failure; `closed` is then another promise", async () => {
    const { url } = await serve(streamOf(frame(1)), statusOf(403), statusOf(403), openStreamOf(frame(2)));
    const { connection, ids } = watch(url);
    const first = connection.closed;
    expect((await first).status).toBe("failed");
    connection.reconnect();
    expect(connection.closed).not.toBe(first);
    expect((await connection.closed).status).toBe("failed");
    connection.reconnect();
    const loop = connection[Symbol.asyncIterator]();
    expect((await loop.next()).value).toMatchObject({ id: 2 });
    expect(ids).toEqual([1, 2]);
    connection.close();
    expect((await connection.closed).status).toBe("closed");
  });

  it("may be asked for by whoever hears of the failure: `closed` tells of each", async () => {
    const { url, requests } = await serve(statusOf(403), statusOf(404), openStreamOf(frame(1)));
    const { connection, ids } = watch(url);
    const told = [connection.closed];
    connection.subscribe(() => {
      if (connection.state.status !== "failed") return;
      connection.reconnect();
      told.push(connection.closed);
    });
    await vi.waitFor(() => expect(ids).toEqual([1]));
    expect(requests).toHaveLength(3);
    connection.close();
    const states = await Promise.all(told);
    expect(states.map(({ status, error }) => [status, error?.status])).toEqual([
      ["failed", 403],
      ["failed", 404],
      ["closed", undefined],
    ]);
  });
});

describe("subscribe", () => {
  it("may be called by a listener: who comes while others are told is told from the next change on", async () => {
    const { url } = await serve(openStreamOf());
    const { connection } = watch(url);
    const seen: string[] = [];
    let letGo = (): void => {};
    const listener = (): void => {
      seen.push(connection.state.status);
      if (seen.length > 10) throw new Error("told again and again");
      letGo();
      letGo = connection.subscribe(listener);
    };
    letGo = connection.subscribe(listener);
    await vi.waitFor(() => expect(connection.state.status).toBe("open"));
    connection.close();
    expect(seen).toEqual(["open", "closed"]);
  });

  it("tells of changes until it is let go, of the same function as often as it was given", async () => {
    const { url } = await serve(openStreamOf());
    const { connection } = watch(url);
    const listener = vi.fn<() => void>();
    const { subscribe } = connection;
    const letGo = [subscribe(listener), subscribe(listener)];
    letGo[0]?.();
    letGo[0]?.();
    await vi.waitFor(() => expect(connection.state.status).toBe("open"));
    expect(listener).toHaveBeenCalledTimes(1);
    letGo[1]?.();
    connection.close();
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("does not tell of a cursor that has moved, though the state then shows it", async () => {
    const { url } = await serve(openStreamOf(frame(1), frame(2)));
    const { connection, ids, states } = watch(url);
    const before = connection.state;
    await vi.waitFor(() => expect(ids).toEqual([1, 2]));
    expect(states.map(({ status }) => status)).toEqual(["open"]);
    expect(connection.state).not.toBe(before);
    expect(connection.state.lastEventId).toBe("2");
    expect(connection.state).toBe(connection.state);
  });
});
