import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { get, SSEReader } from "../support/sse-client.ts";
import { type Engine, openHub, type OpenedHub } from "./support/generation-hub.ts";
import { GenerationProcess, wordsTo } from "./support/generation-process.ts";
import { RedisServer } from "./support/redis-server.ts";

/** An engine of the test's own: where it is, how to keep it from storing anything for a while, and how to be rid of it. */
interface RunningEngine {
  readonly place: string;
  fail(): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

const ENGINES: Readonly<Record<Engine, () => Promise<RunningEngine>>> = {
  SQLite: async () => {
    const directory = mkdtempSync(join(tmpdir(), "ssetarget-generations-"));
    const place = join(directory, "chat.db");
    return {
      place,
      fail: async () => {
        const database = new DatabaseSync(place);
        database.exec("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE");
        return async () => database.close();
      },
      stop: async () => rmSync(directory, { recursive: true, force: true }),
    };
  },
  Redis: async () => {
    const server = await RedisServer.start("--appendonly", "yes", "--appendfsync", "always");
    return {
      place: String(server.port),
      fail: async () => {
        await server.signal("SIGKILL");
        return () => server.startAgain();
      },
      stop: () => server.stop(),
    };
  },
};

describe.each(Object.entries(ENGINES))("a generation stored in %s", (name, startEngine) => {
  const closers: (() => Promise<void>)[] = [];
  let engine: RunningEngine;
  /** The process that generates. */
  let there: GenerationProcess;
  /** A hub of this process over the same streams. */
  let here: OpenedHub;

  const startProcess = async () => {
    const started = await GenerationProcess.start(name, engine.place);
    closers.push(() => started.kill());
    return started;
  };

  beforeEach(async () => {
    engine = await startEngine();
    closers.push(() => engine.stop());
    here = openHub(name as Engine, engine.place);
    closers.push(() => here.close());
    there = await startProcess();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  const readHere = async (cursor?: string) =>
    new SSEReader(await here.hub.fetch(get("/chat/a/sse", cursor === undefined ? {} : { "last-event-id": cursor })));
  const readThere = async (cursor?: string) =>
    new SSEReader(
      await fetch(`${there.url}/chat/a/sse`, { headers: cursor === undefined ? {} : { "last-event-id": cursor } }),
    );
  const textOf = ({ events }: SSEReader) =>
    events.flatMap(({ type, data }) => (type === "chunk" ? [data as unknown as string] : [])).join("");
  const endOf = ({ events }: SSEReader) => events.find(({ type }) => type === "ssetarget:end")?.data;
  const typesOf = ({ events }: SSEReader) => [...new Set(events.map(({ type }) => type))];

  /** As a page does: one that is sent away comes again with what it has, and forgets that where the history begins anew. */
  async function readAsClient(read: (cursor?: string) => Promise<SSEReader>) {
    let text = "";
    for (let cursor: string | undefined; ;) {
      const reader = await (await read(cursor)).readToEnd();
      for (const { type, data } of reader.events) {
        if (type === "chunk") text += data as unknown as string;
        if (type === "ssetarget:gap") {
          expect(data["reason"]).toBe("reset");
          text = "";
        }
      }
      const end = endOf(reader);
      if (end !== undefined) return { text, end };
      cursor = reader.lastCursor ?? cursor;
    }
  }

  it("is read where it is made and in another process, live, from the middle, and afterwards", async () => {
    there.generate({ id: "a" });
    await there.hears("begun");
    const first = await (await readThere()).readCount(3);
    await first.close();
    const resumed = await readHere(first.lastCursor);
    const second = await readHere();
    const third = await readThere();
    await Promise.all([resumed, second, third].map((reader) => reader.readToEnd()));
    expect(textOf(first) + textOf(resumed)).toBe(wordsTo(50));
    for (const reader of [second, third, await (await readHere()).readToEnd()]) {
      expect(textOf(reader)).toBe(wordsTo(50));
      expect(endOf(reader)).toMatchObject({ reason: "completed" });
      expect(typesOf(reader)).toEqual(["chunk", "ssetarget:end"]);
    }
    expect(await there.hears("done")).toMatchObject({ reason: "completed" });
  });

  it("is stopped from another process, though its source is silent and hears nothing", async () => {
    there.generate({ id: "a", words: 3, isSilentAfterwards: true });
    const [one, other] = [await readThere(), await readHere()];
    await other.readUntil((reader) => textOf(reader) === wordsTo(3));
    await here.hub.complete("a", { reason: "stopped", message: "from another process" });
    await Promise.all([one.readToEnd(), other.readToEnd()]);
    for (const reader of [one, other]) {
      expect(textOf(reader)).toBe(wordsTo(3));
      expect(endOf(reader)).toMatchObject({ reason: "stopped", message: "from another process" });
    }
    await there.hears("aborted");
    expect(await there.hears("done")).toMatchObject({ reason: "stopped" });
  });

  it("keeps what it had said when its process is killed, and is ended by another one", async () => {
    there.generate({ id: "a", words: 1_000_000 });
    const reader = await (await readThere()).readCount(3);
    await there.kill();
    // The connection has gone with its process; the page comes to another one with what it had.
    await reader.readToEnd().catch(() => {});
    const resumed = await readHere(reader.lastCursor);
    await here.hub.complete("a", { reason: "failed", message: "The server was restarted." });
    await resumed.readToEnd();
    const whole = await (await readHere()).readToEnd();
    expect(textOf(whole)).toBe(textOf(reader) + textOf(resumed));
    expect(wordsTo(10_000).startsWith(textOf(whole))).toBe(true);
    for (const each of [resumed, whole]) {
      expect(endOf(each)).toMatchObject({ reason: "failed", message: "The server was restarted." });
      expect(typesOf(each)).not.toContain("ssetarget:gap");
    }
    // A request that is sent again does not begin the answer anew.
    there = await startProcess();
    there.generate({ id: "a" });
    expect(await there.hears("done")).toMatchObject({ reason: "stopped" });
    expect(there.told.map(({ told }) => told)).toEqual(["listening", "done"]);
    expect(textOf(await (await readThere()).readToEnd())).toBe(textOf(whole));
  });

  it("goes on after its engine had failed in between, with nothing missing and nothing twice", async () => {
    there.generate({ id: "a", words: 200 });
    const before = await (await readThere()).readCount(3);
    const mend = await engine.fail();
    // It goes on being generated meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await mend();
    expect(await there.hears("done")).toMatchObject({ reason: "completed" });
    await before.close();
    for (const read of [readThere, readHere]) {
      const { text, end } = await readAsClient(read);
      expect(text).toBe(wordsTo(200));
      expect(end).toMatchObject({ reason: "completed" });
    }
  });
});
