import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { SSEHub, SSETarget } from "ssetarget";
import { SqliteEventStores } from "ssetarget/sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TestClient, turns } from "../support/test-client.ts";
import { ALL, put } from "./support/log.ts";

type Tick = { type: "tick"; n: number; key?: string; text?: string };
const tick = (n: number, text?: string): Tick => ({ type: "tick", n, text });
const code = (expected: string) => expect.objectContaining({ name: "SSETargetError", code: expected });
const WRITER = fileURLToPath(new URL("./support/sqlite-writer.ts", import.meta.url));

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ssetarget-sqlite-"));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(dir, { recursive: true, force: true });
});

describe("a file whose writer is killed", () => {
  it("has all that was acknowledged, ids without holes, and each key once, however often", async () => {
    const path = join(dir, "events.db");
    const acknowledged: number[] = [];
    for (let life = 0; life < 8; life++) {
      const child = fork(WRITER, [path, String(life)]);
      const wanted = 20 + life * 37;
      let heard = 0;
      child.on("message", (id: number) => {
        acknowledged.push(id);
        if (++heard === wanted) child.kill("SIGKILL");
      });
      await once(child, "exit");
      await turns(2);
    }
    await using stores = new SqliteEventStores<Tick>(path);
    const events = await stores.stream("killed").read(0, ALL);
    expect(events.map(({ id }) => id)).toEqual(events.map((_event, index) => index + 1));
    expect(acknowledged.filter((id) => id > events.length)).toEqual([]);
    expect(new Set(events.map(({ key }) => key)).size).toBe(events.length);
  });
});

describe("two processes on one file", () => {
  it("give no id twice, whatever the other one has stored, trimmed, ended or forgotten in between", async () => {
    const path = join(dir, "shared.db");
    await using here = new SqliteEventStores<Tick>(path, { maxAgeMs: null });
    await using there = new SqliteEventStores<Tick>(path, { maxAgeMs: null });
    const [mine, theirs] = [here.stream("a"), there.stream("a")];
    expect((await put(mine, tick(1))).id).toBe(1);
    expect((await put(theirs, tick(2))).id).toBe(2);
    expect((await put(mine, tick(3))).id).toBe(3);
    await theirs.append([tick(4), tick(5)]);
    // Nothing is left of what would have told of them.
    await theirs.trim(6);
    expect((await put(mine, tick(6))).id).toBe(6);
    await theirs.append([{ type: "ssetarget:end" } as unknown as Tick]);
    await expect(mine.append([tick(8)])).rejects.toEqual(code("stream-completed"));
    expect((await mine.read(0, ALL)).map(({ id }) => id)).toEqual([6, 7]);
  });

  it("do not write into a history that the other one has forgotten", async () => {
    const path = join(dir, "forgotten.db");
    await using here = new SqliteEventStores<Tick>(path, { maxAgeMs: null });
    const mine = here.stream("a");
    await mine.append([tick(1), tick(2)]);
    const { epoch } = await mine.bounds();
    const other = new DatabaseSync(path);
    other.exec("DELETE FROM ssetarget_events; DELETE FROM ssetarget_streams");
    other.close();
    expect((await put(mine, tick(3))).id).toBe(1);
    expect((await mine.bounds()).epoch).not.toBe(epoch);
  });
});

describe("a stream that another process deletes", () => {
  it("leaves connected clients, which reconnect and get another history", async () => {
    const path = join(dir, "deleted.db");
    await using here = new SqliteEventStores<Tick>(path, { pollMs: 5 });
    await using there = new SqliteEventStores<Tick>(path);
    const target = new SSETarget<Tick>("/sse", here.stream("a"));
    const client = new TestClient(target);
    await client.connect();
    await target.dispatchEvents([tick(1), tick(2)]);
    await vi.waitFor(() => expect(client.ids).toEqual([1, 2]));
    await there.stream("a").delete();
    await vi.waitFor(() => expect(client.isConnected).toBe(false));
    await there.stream("a").append([tick(3)]);
    await client.connect();
    await vi.waitFor(() => expect(client.gaps.map(({ reason }) => reason)).toEqual(["reset"]));
    await target.close();
  });
});

describe("the names of a file's streams", () => {
  it("are listed by prefix, in pages, as far as they hold events", async () => {
    await using stores = new SqliteEventStores<Tick>(":memory:");
    const names = Array.from({ length: 1_200 }, (_, index) => `run/${String(index).padStart(4, "0")}`);
    const others = ["run", "run%", "runs/1", "rum/1", "läufe/1"];
    await Promise.all([...names, ...others].map((name) => stores.stream(name).append([tick(1)])));
    await stores.stream("run/never").bounds();
    await stores.stream("run/0007").delete();
    await stores.stream("run/0008").trim(2);
    const first = await stores.list("run/");
    const second = await stores.list("run/", first.next);
    expect(first.names).toHaveLength(1_000);
    expect([...first.names, ...second.names]).toEqual(names.filter((name) => !/000[78]$/.test(name)));
    expect(second.next).toBeUndefined();
    expect(await stores.list("läu")).toEqual({ names: ["läufe/1"] });
    expect(await stores.list("none")).toEqual({ names: [] });
  });
});

describe("a database that was handed in", () => {
  it("refuses to acknowledge what would be in somebody else's transaction", async () => {
    const database = new DatabaseSync(join(dir, "own.db"));
    await using stores = new SqliteEventStores<Tick>(database);
    await stores.stream("a").append([tick(1)]);
    database.exec("BEGIN");
    await expect(stores.stream("a").append([tick(2)])).rejects.toEqual(code("store-unavailable"));
    database.exec("ROLLBACK");
    expect((await put(stores.stream("a"), tick(3))).id).toBe(2);
  });
});

describe("a disk that is full", () => {
  it("refuses dispatches in words, lets readers go on, and takes events again once there is room", async () => {
    const database = new DatabaseSync(join(dir, "full.db"));
    const stores = new SqliteEventStores<Tick>(database);
    const target = new SSETarget<Tick>("/sse", stores.stream("a"));
    const client = new TestClient(target);
    await client.connect();
    await target.dispatchEvent(tick(1));
    database.exec("PRAGMA max_page_count = 40");
    const large = "x".repeat(50_000);
    const refused: unknown[] = [];
    for (let n = 2; n <= 12; n++) await target.dispatchEvent(tick(n, large)).catch((error) => refused.push(error));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused).toEqual(refused.map(() => code("store-unavailable")));
    const late = new TestClient(target);
    await late.connect();
    await turns();
    expect(late.ids).toEqual(client.ids);
    database.exec("PRAGMA max_page_count = 4000");
    const stored = await target.dispatchEvent(tick(13, large));
    await turns();
    expect(stored?.id).toBe(12 - refused.length + 1);
    expect(client.ids).toEqual(Array.from({ length: stored?.id ?? 0 }, (_, index) => index + 1));
    expect([client.gaps, client.isConnected]).toEqual([[], true]);
    await stores.close();
    database.close();
  });
});

describe("dispatches of one turn", () => {
  it("share a transaction, of which one that is refused fails by itself", async () => {
    const database = new DatabaseSync(join(dir, "turn.db"));
    let commits = 0;
    const stores = new SqliteEventStores<Tick | { type: "ssetarget:end"; key: string }>({
      exec: (sql) => database.exec(sql),
      close: () => {},
      prepare: (sql) => {
        const statement = database.prepare(sql);
        return sql === "COMMIT" ? { run: () => (commits++, statement.run()) } : statement;
      },
    });
    const [a, b] = [stores.stream("a"), stores.stream("b")];
    await a.append([{ type: "ssetarget:end", key: "ssetarget:end" }]);
    commits = 0;
    const answers = await Promise.allSettled([b.append([tick(1)]), a.append([tick(1)]), b.append([tick(2)])]);
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((await b.read(0, ALL)).map(({ id }) => id)).toEqual([1, 2]);
    expect(commits).toBe(1);
    await stores.close();
    database.close();
  });
});

describe("retention", () => {
  it("forgets by bytes, and always keeps the newest", async () => {
    await using stores = new SqliteEventStores<Tick>(":memory:", { maxBytes: 5_000 });
    const store = stores.stream("a");
    for (let n = 1; n <= 20; n++) await store.append([tick(n, "x".repeat(1_000))]);
    const kept = (await store.read(0, ALL)).map(({ n }) => n);
    expect(kept.at(-1)).toBe(20);
    expect(kept.length).toBeLessThanOrEqual(6);
    await store.append([tick(21, "x".repeat(50_000))]);
    expect((await store.read(0, ALL)).map(({ n }) => n)).toEqual([21]);
    expect(await store.bounds()).toMatchObject({ firstId: 21, lastId: 21 });
  });

  it("forgets by age; of a stream that is all too old nothing is left, and what comes later is another history", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
    await using stores = new SqliteEventStores<Tick>(":memory:", { maxAgeMs: 100_000 });
    const store = stores.stream("a");
    await store.append([tick(1)]);
    const { epoch } = await store.bounds();
    await vi.advanceTimersByTimeAsync(60_000);
    await store.append([tick(2)]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await store.bounds()).toMatchObject({ firstId: 2, lastId: 2, epoch });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(await store.bounds()).toEqual({ firstId: 1, lastId: 0, completed: false });
    await store.append([tick(3)]);
    expect((await store.bounds()).epoch).not.toBe(epoch);
  });
});

describe("a hub over a file", () => {
  it("resumes clients where they were after a restart, without a gap", async () => {
    const path = join(dir, "hub.db");
    const open = () => {
      const stores = new SqliteEventStores<Tick>(path);
      return { stores, hub: new SSEHub<Tick>("/:id", { store: stores }) };
    };
    const before = open();
    const client = new TestClient(before.hub, "/a");
    await client.connect();
    await before.hub.stream("a").dispatchEvents([tick(1), tick(2)]);
    await turns();
    client.disconnect();
    await before.hub.close();
    await before.stores.close();
    const after = open();
    await after.hub.dispatchEvent("a", tick(3));
    const again = new TestClient(after.hub, "/a", client.cursor);
    await again.connect();
    await turns();
    expect([client.ids, again.ids, again.gaps]).toEqual([[1, 2], [3], []]);
    await after.hub.close();
    await after.stores.close();
  });
});

describe("options", () => {
  it.each([
    [{ maxEvents: 0 }, "maxEvents"],
    [{ maxAgeMs: -1 }, "maxAgeMs"],
    [{ synchronous: "OFF" as never }, "synchronous"],
    [{ pollMs: 0 }, "pollMs"],
  ])("that cannot work are refused: %j", (options, name) => {
    expect(() => new SqliteEventStores(":memory:", options)).toThrow(`\`${name}\``);
  });

  it("name the database's fault: a folder that is not there, a value that is none, tables of a newer release", () => {
    expect(() => new SqliteEventStores(join(dir, "no", "such", "folder.db"))).toThrow(code("store-unavailable"));
    expect(() => new SqliteEventStores(7 as never)).toThrow(code("invalid-option"));
    const database = new DatabaseSync(join(dir, "newer.db"));
    database.exec(
      "CREATE TABLE ssetarget_meta (name TEXT PRIMARY KEY, value TEXT); INSERT INTO ssetarget_meta VALUES ('schema', '2')",
    );
    expect(() => new SqliteEventStores(database)).toThrow("have the version 2");
    database.close();
  });
});
