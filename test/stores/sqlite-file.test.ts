import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import BetterSqlite from "better-sqlite3";
import { SSETarget } from "ssetarget";
import { SqliteEventStores, type SqliteDatabase } from "ssetarget/sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TestClient } from "../support/test-client.ts";
import { ALL, put } from "./support/log.ts";

type Tick = { type: "tick"; n: number; key?: string };
const tick = (n: number): Tick => ({ type: "tick", n });
const code = (expected: string) => expect.objectContaining({ name: "SSETargetError", code: expected });

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ssetarget-sqlite-"));
  path = join(dir, "events.db");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const removeAll = () => {
  for (const end of ["", "-wal", "-shm"]) rmSync(path + end, { force: true });
};
const losses: readonly (readonly [string, () => void])[] = [
  ["deleted", removeAll],
  ["deleted without its log", () => rmSync(path)],
  ["moved away", () => renameSync(path, `${path}.old`)],
  [
    "replaced by another one",
    () => {
      new DatabaseSync(`${path}.new`).close();
      writeFileSync(`${path}.new`, "");
      renameSync(`${path}.new`, path);
    },
  ],
  ["deleted with its folder", () => rmSync(dir, { recursive: true })],
];
const handles: readonly (readonly [string, () => string | SqliteDatabase])[] = [
  ["a path", () => path],
  ["a DatabaseSync", () => new DatabaseSync(path)],
  ["a better-sqlite3 database", () => new BetterSqlite(path)],
];

describe.each(handles)("the file of %s", (_handle, open) => {
  it.each(losses)("that is %s is noticed by appends and reads, and reported once", async (_loss, lose) => {
    const onError = vi.fn();
    const stores = new SqliteEventStores<Tick>(open(), { onError });
    const store = stores.stream("a");
    await store.append([tick(1), tick(2)]);
    lose();
    await expect(store.append([tick(3)])).rejects.toEqual(code("store-unavailable"));
    await expect(store.append([{ ...tick(3), key: "k" }])).rejects.toEqual(code("store-unavailable"));
    await expect(store.append([tick(3), tick(4)])).rejects.toEqual(code("store-unavailable"));
    await expect(store.read(0, ALL)).rejects.toEqual(code("store-unavailable"));
    await expect(store.read(0, { maxEvents: 1, maxBytes: 1 })).rejects.toEqual(code("store-unavailable"));
    await expect(store.bounds()).rejects.toEqual(code("store-unavailable"));
    await expect(store.trim(2)).rejects.toEqual(code("store-unavailable"));
    await expect(store.delete()).rejects.toEqual(code("store-unavailable"));
    await expect(store.watch({ appended() {}, changed() {} })).rejects.toEqual(code("store-unavailable"));
    await expect(stores.list("")).rejects.toEqual(code("store-unavailable"));
    expect(onError.mock.calls).toEqual([[code("store-unavailable")]]);
    expect(String(onError.mock.calls[0]?.[0])).toContain(path);
    await stores.close();
  });
});

describe("a write-ahead log that is deleted", () => {
  it("is noticed soon, for what is written to it can be read by nobody else", async () => {
    const onError = vi.fn();
    await using stores = new SqliteEventStores<Tick>(path, { onError });
    const store = stores.stream("a");
    await store.append([tick(1)]);
    rmSync(`${path}-wal`);
    await vi.waitFor(() => expect(store.append([tick(2)])).rejects.toEqual(code("store-unavailable")));
    await expect(store.read(0, ALL)).rejects.toEqual(code("store-unavailable"));
    expect(onError.mock.calls).toEqual([[code("store-unavailable")]]);
  });
});

describe("a file that goes while clients follow it", () => {
  it("sends them away, to be told the truth when they come again", async () => {
    const [storeErrors, targetErrors] = [vi.fn(), vi.fn()];
    const stores = new SqliteEventStores<Tick>(path, { onError: storeErrors, pollMs: 5 });
    const target = new SSETarget<Tick>("/sse", stores.stream("a"), { onError: targetErrors });
    const client = new TestClient(target);
    await client.connect();
    await target.dispatchEvent(tick(1));
    await vi.waitFor(() => expect(client.ids).toEqual([1]));
    removeAll();
    await vi.waitFor(() => expect(client.isConnected).toBe(false));
    expect(storeErrors.mock.calls).toEqual([[code("store-unavailable")]]);
    await client.connect();
    await vi.waitFor(() => expect(client.isConnected).toBe(false));
    expect(targetErrors).toHaveBeenCalledWith(code("store-unavailable"));
    await stores.close();
  });
});

describe("a database without a file", () => {
  it.each([":memory:", ""])("%j is not looked for", async (name) => {
    await using stores = new SqliteEventStores<Tick>(name);
    expect((await put(stores.stream("a"), tick(1))).id).toBe(1);
    expect(await stores.stream("a").read(0, ALL)).toHaveLength(1);
  });
});

describe("the rights of a file", () => {
  const rights = (end: string) => (statSync(path + end).mode & 0o777).toString(8);

  it("that is made here are its owner's alone, with its log and its index", async () => {
    const before = process.umask(0);
    try {
      await using stores = new SqliteEventStores<Tick>(path);
      await stores.stream("a").append([tick(1)]);
      expect(["", "-wal", "-shm"].map(rights)).toEqual(["600", "600", "600"]);
    } finally {
      process.umask(before);
    }
  });

  it("that was there stay as they are", async () => {
    writeFileSync(path, "", { mode: 0o640 });
    await using stores = new SqliteEventStores<Tick>(path);
    await stores.stream("a").append([tick(1)]);
    expect(rights("")).toBe("640");
  });
});
