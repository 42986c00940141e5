/**
 * Measures `SqliteEventStores` against bare inserts into a table with the same columns, on the same file system.
 *
 *   node bench/stores/sqlite.ts [rounds, default 5]
 *
 * Bare: one prepared INSERT per event with an id of its own, `node:sqlite`, WAL, `synchronous = NORMAL`; one at a time each in
 * a transaction of its own, together in one transaction per 100. It keeps no keys, bounds or retention and makes no
 * JSON. Each round measures everything in turn; the table has medians of rounds. Events have 300 bytes of JSON.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SqliteEventStores } from "../../src/sqlite.ts";
import { median } from "../runner/median.ts";

const EVENTS = 10_000;
const TOGETHER = 100;
const text = "x".repeat(280);
const makeEvent = (n: number) => ({ type: "progress", n, text });

const dir = mkdtempSync(join(tmpdir(), "ssetarget-bench-"));
const results = new Map<string, number[]>();

async function measure(name: string, work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  await work();
  results.set(name, [...(results.get(name) ?? []), EVENTS / ((performance.now() - start) / 1000)]);
}

function bare(round: number) {
  const database = new DatabaseSync(join(dir, `bare-${round}.db`));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  database.exec(
    "CREATE TABLE events (stream INTEGER, id INTEGER, type TEXT, key TEXT, text TEXT, time INTEGER, PRIMARY KEY (stream, id)) WITHOUT ROWID",
  );
  const insert = database.prepare("INSERT INTO events VALUES (1, ?, ?, NULL, ?, ?)");
  let id = 0;
  return {
    insert: (n: number) => insert.run(++id, "progress", JSON.stringify({ n, text }), Date.now()),
    database,
  };
}

for (let round = 0; round < Number(process.argv[2] ?? 5); round++) {
  const raw = bare(round);
  const stores = new SqliteEventStores(join(dir, `ours-${round}.db`));
  const store = stores.stream("a");
  await measure("bare, one at a time", async () => {
    for (let n = 0; n < EVENTS; n++) raw.insert(n);
  });
  await measure("ours, one at a time (awaited)", async () => {
    for (let n = 0; n < EVENTS; n++) await store.append([makeEvent(n)]);
  });
  await measure("bare, 100 together", async () => {
    for (let n = 0; n < EVENTS; n += TOGETHER) {
      raw.database.exec("BEGIN IMMEDIATE");
      for (let more = 0; more < TOGETHER; more++) raw.insert(n + more);
      raw.database.exec("COMMIT");
    }
  });
  await measure("ours, 100 dispatched in one turn", async () => {
    for (let n = 0; n < EVENTS; n += TOGETHER) {
      await Promise.all(Array.from({ length: TOGETHER }, (_, more) => store.append([makeEvent(n + more)])));
    }
  });
  raw.database.close();
  await stores.close();
}
rmSync(dir, { recursive: true, force: true });

const perSecond = (name: string) => median(results.get(name) ?? []) ?? Number.NaN;
console.log("| | appends a second | of the bare one |\n| --- | --- | --- |");
for (const [ours, theirs] of [
  ["ours, one at a time (awaited)", "bare, one at a time"],
  ["ours, 100 dispatched in one turn", "bare, 100 together"],
] as const) {
  for (const name of [theirs, ours]) {
    const rate = perSecond(name);
    console.log(`| ${name} | ${Math.round(rate).toLocaleString("en")} | ${(rate / perSecond(theirs)).toFixed(2)} |`);
  }
}
