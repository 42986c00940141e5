import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import BetterSqlite from "better-sqlite3";
import { SqliteEventStores, type SqliteDatabase } from "ssetarget/sqlite";
import type { KitEvent, MakeStore, StoreCapability } from "ssetarget/testing";
import { afterAll } from "vitest";
import { describeConformance } from "./support/conformance.ts";
import { RemoteStore } from "./support/sqlite-remote.ts";

const CAPABILITIES: readonly StoreCapability[] = [
  "batches",
  "trim",
  "delete",
  "keys",
  "close",
  "history",
  "dense-ids",
  "retention",
  "streams",
  "shared",
  "persistent",
];

const dir = mkdtempSync(join(tmpdir(), "ssetarget-sqlite-"));
const opened: { close(): unknown }[] = [];
afterAll(async () => {
  for (const each of opened) await each.close();
  rmSync(dir, { recursive: true, force: true });
});

/** One file for all cases, opened once for each number of events to retain, and by other processes where that is asked for. */
function storesIn(file: string, open: (path: string) => string | SqliteDatabase): MakeStore {
  const byLimit = new Map<number | undefined, SqliteEventStores<KitEvent>>();
  return async ({ stream = "any", maxEvents, isElsewhere } = {}) => {
    if (isElsewhere === true) return RemoteStore.open(join(dir, file), stream);
    let stores = byLimit.get(maxEvents);
    if (stores === undefined) {
      stores = new SqliteEventStores<KitEvent>(open(join(dir, file)), { maxEvents, pollMs: 5 });
      byLimit.set(maxEvents, stores);
      opened.push(stores);
    }
    return stores.stream(stream);
  };
}

describeConformance(
  "SqliteEventStores on a path",
  CAPABILITIES,
  storesIn("path.db", (path) => path),
);
describeConformance(
  "SqliteEventStores on a DatabaseSync",
  CAPABILITIES,
  storesIn("node.db", (path) => new DatabaseSync(path)),
);
describeConformance(
  "SqliteEventStores on better-sqlite3",
  CAPABILITIES,
  storesIn("better.db", (path) => new BetterSqlite(path)),
);
describeConformance(
  "SqliteEventStores on a DatabaseSync that reads BigInts and arrays",
  CAPABILITIES,
  storesIn("node-bigint.db", (path) => new DatabaseSync(path, { readBigInts: true, returnArrays: true })),
);
describeConformance(
  "SqliteEventStores on a better-sqlite3 with safe integers",
  CAPABILITIES,
  storesIn("better-bigint.db", (path) => {
    const database = new BetterSqlite(path);
    database.defaultSafeIntegers();
    return database;
  }),
);
