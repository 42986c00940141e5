import { connect, type CursorStorage } from "ssetarget/client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { frame, openStreamOf, over, serve, streamOf } from "./support/scripted-server.ts";
import { serveTicks } from "./support/tick-server.ts";
import { watch } from "./support/watched.ts";

/** A storage as browsers have it, which counts what is written. */
class MapStorage implements CursorStorage {
  readonly items = new Map<string, string>();
  readonly writes: string[] = [];

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.writes.push(value);
    this.items.set(key, value);
  }

  removeItem(key: string): void {
    this.writes.push("");
    this.items.delete(key);
  }
}

afterEach(() => void vi.useRealTimers());

describe("a storage", () => {
  it("keeps the cursor, so that the next connection goes on there", async () => {
    const server = await serveTicks();
    const storage = new MapStorage();
    await server.tick(3);
    const first = watch(server.url, { storage });
    await vi.waitFor(() => expect(first.ids).toEqual([1, 2, 3]));
    first.connection.close();
    expect([...storage.items.values()]).toEqual([first.connection.lastEventId]);
    await server.tick(2);
    const second = watch(server.url, { storage });
    await vi.waitFor(() => expect(second.ids).toEqual([4, 5]));
    expect(server.cursors[1]).toBe(first.connection.lastEventId);
  });

  it("may be asynchronous, and goes before `lastEventId`", async () => {
    const { url, requests } = await serve(over);
    for (const [kept, sent] of [
      ["7.e", "7.e"],
      [null, "3.e"],
    ] as const) {
      const storage = { getItem: async () => kept, setItem: async () => {}, removeItem: async () => {} };
      await watch(url, { storage, lastEventId: "3.e" }).connection.closed;
      expect(requests.at(-1)?.headers["last-event-id"]).toBe(sent);
    }
  });

  it("that holds what is no cursor begins at the beginning", async () => {
    const { url, requests } = await serve(openStreamOf(frame(1)));
    for (const kept of ["1\n2", "1\r", "1\0", Symbol("no text")]) {
      const storage = { getItem: () => kept as string, setItem: () => {}, removeItem: () => {} };
      const { connection, ids } = watch(url, { storage });
      await vi.waitFor(() => expect(ids).toEqual([1]));
      expect(requests.at(-1)?.headers["last-event-id"]).toBeUndefined();
      connection.close();
    }
  });

  it("that was poisoned counts as none, and says so, at each load", async () => {
    const { url, requests } = await serve(openStreamOf(frame("1.e")));
    for (const kept of ["1".repeat(200_000), "…".repeat(1_366), "1\n2", "1\u0001", "\u007f", "1\0", {}, 7]) {
      const errors: unknown[] = [];
      const storage = { getItem: () => kept as string, setItem: () => {}, removeItem: () => {} };
      const { connection, ids } = watch(url, { storage, onError: (error) => errors.push(error) });
      await vi.waitFor(() => expect(ids).toEqual([1]));
      expect(requests.at(-1)?.headers["last-event-id"]).toBeUndefined();
      expect(errors).toMatchObject([{ code: "invalid-option" }]);
      connection.close();
    }
  });

  it("may hold a cursor as long as `maxCursorBytes`", async () => {
    const { url, requests } = await serve(over);
    for (const [kept, maxCursorBytes, isSent] of [
      ["1".repeat(4_096), undefined, true],
      ["1".repeat(4_097), undefined, false],
      ["é".repeat(50), 100, true],
      ["é".repeat(51), 100, false],
    ] as const) {
      const storage = { getItem: () => kept, setItem: () => {}, removeItem: () => {} };
      await watch(url, { storage, maxCursorBytes }).connection.closed;
      expect(requests.at(-1)?.headers["last-event-id"] !== undefined).toBe(isSent);
    }
  });

  it("that is full is told of once, until it works again", async () => {
    vi.useFakeTimers();
    let feed: (text: string) => void = () => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        feed = (text) => controller.enqueue(new TextEncoder().encode(text));
      },
    });
    const errors: unknown[] = [];
    let isFull = true;
    const setItem = () => {
      if (isFull) throw new DOMException("full", "QuotaExceededError");
    };
    const connection = connect("http://h/", {
      storage: { getItem: () => null, setItem, removeItem: () => {} },
      onError: (error) => errors.push(error),
      fetch: async () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
    });
    await vi.advanceTimersByTimeAsync(0);
    for (let id = 1; id <= 9; id++) {
      if (id === 4) isFull = false;
      if (id === 6) isFull = true;
      feed(frame(id));
      await vi.advanceTimersByTimeAsync(1_100);
    }
    connection.close();
    expect(errors).toMatchObject([{ name: "QuotaExceededError" }, { name: "QuotaExceededError" }]);
  });

  it("is written at most once a second, and at once when the connection is closed", async () => {
    vi.useFakeTimers();
    let feed: (text: string) => void = () => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        feed = (text) => controller.enqueue(new TextEncoder().encode(text));
      },
    });
    const storage = new MapStorage();
    const connection = connect("http://h/", {
      storage,
      fetch: async () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
    });
    await vi.advanceTimersByTimeAsync(0);
    for (let id = 1; id <= 100; id++) {
      feed(frame(id));
      await vi.advanceTimersByTimeAsync(30);
    }
    expect(storage.writes).toHaveLength(2);
    connection.close();
    expect(storage.writes.at(-1)).toBe("100");
    expect(storage.writes).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is written only where the cursor has moved", async () => {
    const { url } = await serve(over);
    const storage = new MapStorage();
    storage.getItem = () => "5.e";
    await watch(url, { storage }).connection.closed;
    expect(storage.writes).toEqual([]);
  });

  it("never holds more than what the application is done with", async () => {
    const { url } = await serve(openStreamOf(frame(1), frame(2), frame(3)));
    const storage = new MapStorage();
    const { connection } = watch(url, { storage });
    const events = connection[Symbol.asyncIterator]();
    await events.next();
    await events.next();
    connection.close();
    // The second event was handed over, but nobody has said that it was dealt with.
    expect(storage.writes).toEqual(["1"]);
  });

  it("forgets where the server says that there is no cursor", async () => {
    const { url } = await serve(streamOf("id: 1\ndata: {}\n\nid:\ndata: {}\n\n"), over);
    const storage = new MapStorage();
    const { connection } = watch(url, { storage });
    await connection.closed;
    expect(storage.writes).toEqual([""]);
  });

  it("that throws, rejects or hangs is as good as none", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const error = new Error("denied");
    const fail = () => {
      throw error;
    };
    const reject = () => Promise.reject(error);
    const hang = () => new Promise<never>(() => {});
    for (const [operation, count] of [
      [fail, 2],
      [reject, 2],
      [hang, 0],
    ] as const) {
      const errors: unknown[] = [];
      const { url } = await serve(streamOf(frame(1)), over);
      const { connection, ids } = watch(url, {
        storage: { getItem: operation, setItem: operation, removeItem: operation },
        onError: (thrown) => errors.push(thrown),
      });
      await vi.advanceTimersByTimeAsync(2_000);
      await vi.waitFor(() => expect(connection.state.status).toBe("ended"));
      expect(ids).toEqual([1]);
      await vi.waitFor(() => expect(errors).toEqual(Array.from({ length: count }, () => error)));
    }
  });

  it("that hangs does not keep a connection from being closed", async () => {
    vi.useFakeTimers();
    const hang = () => new Promise<never>(() => {});
    const connection = connect("http://h/", { storage: { getItem: hang, setItem: hang, removeItem: hang } });
    connection.close();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(connection.state.status).toBe("closed");
    expect(vi.getTimerCount()).toBe(0);
  });
});
