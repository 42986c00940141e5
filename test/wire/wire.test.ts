import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { EventSource } from "eventsource";
import { createEventSource } from "eventsource-client";
import { createParser } from "eventsource-parser";
import { connect } from "ssetarget/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SCENES } from "./scenes.ts";
import { format, parse, record, type Transcript } from "./transcript.ts";

/**
 * The bytes of this protocol version. Clients of this version are deployed in pages that nobody updates, so a change
 * of a transcript is a change of the protocol. `npx vitest run test/wire -u` records them again.
 */
const fileOf = (name: string) => new URL(`transcripts/${name}.txt`, import.meta.url);

/** An event as a reader hands it over. */
type Read = readonly [type: string, data: unknown, lastEventId: string];
type Sent = readonly [type: string, data: string, lastEventId: string];

describe("the server", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1), toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
    let next = 0;
    vi.spyOn(crypto, "getRandomValues").mockImplementation((array) => {
      next += 1;
      if (array instanceof Uint8Array) array.fill(next);
      return array;
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it.each(SCENES)("sends the bytes that it always sent: $name", async ({ name, play }) => {
    const transcripts: Transcript[] = [];
    for (const connection of await play()) {
      transcripts.push(await record(connection));
    }
    await expect(format(transcripts)).toMatchFileSnapshot(fileOf(name).pathname);
  });
});

/** Answers requests with the transcripts, one after the other, cut into pieces of so many bytes. Then nothing more comes. */
function replay(transcripts: readonly Transcript[], size: number) {
  const rest = [...transcripts];
  const cursors: (string | null)[] = [];
  const replaying = async (_url: unknown, init?: { headers?: unknown }): Promise<Response> => {
    cursors.push(new Headers(init?.headers as HeadersInit | undefined).get("last-event-id"));
    const next = rest.shift();
    if (next === undefined) return new Response(null, { status: 204 });
    const bytes = new TextEncoder().encode(next.body);
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      bytes.slice(n * size, (n + 1) * size),
    );
    return new Response(Readable.toWeb(Readable.from(pieces)) as ReadableStream, {
      status: next.status,
      headers: next.head,
    });
  };
  return { fetch: replaying as never, cursors };
}

/** The data of our own events is JSON; a per-request stream sends text too. */
function textOrJson(data: string): unknown {
  return /^[{["\d]/.test(data) ? JSON.parse(data) : data;
}

type Reader = (transcripts: readonly Transcript[], size: number) => Promise<readonly Read[]>;

/** Types that an `EventSource` has to know in advance. */
const TYPES = ["tick", "started", "updated", "ended", "log", "message", "ssetarget:gap", "ssetarget:end"];

const READERS: Readonly<Record<string, Reader>> = {
  async connect(transcripts, size) {
    const read: Read[] = [];
    const { fetch } = replay(transcripts, size);
    const lastEventId = transcripts[0]?.lastEventId;
    const options = {
      fetch,
      backoff: { minMs: 1, maxMs: 1 },
      parse: textOrJson,
      ...(lastEventId === undefined ? {} : { lastEventId }),
    };
    const connection = connect("http://localhost/sse", options);
    connection.addEventListener("*", (event) => read.push([event.type, event.data, event.lastEventId]));
    await connection.closed.catch(() => {});
    return read;
  },
  async eventsource(transcripts, size) {
    const read: Read[] = [];
    const { fetch } = replay(transcripts, size);
    const source = new EventSource("http://localhost/sse", { fetch });
    for (const type of TYPES) {
      source.addEventListener(type, (event) => read.push([type, event.data, event.lastEventId]));
    }
    await vi.waitFor(() => expect(source.readyState).toBe(EventSource.CLOSED));
    return read;
  },
  async "eventsource-client"(transcripts, size) {
    const read: Read[] = [];
    const { fetch } = replay(transcripts, size);
    let lastEventId = "";
    const source = createEventSource({
      url: "http://localhost/sse",
      fetch,
      onMessage({ event = "message", data, id }) {
        lastEventId = id ?? lastEventId;
        read.push([event, data, lastEventId]);
      },
    });
    await vi.waitFor(() => expect(source.readyState).toBe("closed"));
    source.close();
    return read;
  },
  async "eventsource-parser"(transcripts, size) {
    const read: Read[] = [];
    let lastEventId = "";
    for (const { body } of transcripts) {
      const parser = createParser({
        onEvent({ event = "message", data, id }) {
          lastEventId = id ?? lastEventId;
          read.push([event, data, lastEventId]);
        },
      });
      for (let at = 0; at < body.length; at += size) parser.feed(body.slice(at, at + size));
    }
    return read;
  },
};

describe.each(Object.entries(READERS))("%s", (reader, readAll) => {
  it.each(SCENES)("reads the transcripts of this version: $name", async ({ name }) => {
    const transcripts = parse(await readFile(fileOf(name), "utf8"));
    for (const size of [1, 7, 100_000]) {
      const read = await readAll(transcripts, size);
      const expected = eventsOf(transcripts, reader === "connect");
      expect(read).toEqual(
        reader === "connect" ? expected.map(([type, data, id]) => [type, textOrJson(data), id]) : expected,
      );
    }
  });
});

/** What the lines of the transcripts say, by the rules of HTML's event streams. */
function eventsOf(transcripts: readonly Transcript[], isOurs: boolean): Sent[] {
  let lastEventId = isOurs ? (transcripts[0]?.lastEventId ?? "") : "";
  return transcripts.flatMap(({ body }) =>
    body.split("\n\n").flatMap((block): Sent[] => {
      const valuesOf = (field: string) =>
        block.split("\n").flatMap((line) => (line.startsWith(`${field}: `) ? [line.slice(field.length + 2)] : []));
      lastEventId = valuesOf("id").at(-1) ?? lastEventId;
      const data = valuesOf("data");
      return data.length === 0 ? [] : [[valuesOf("event").at(-1) ?? "message", data.join("\n"), lastEventId]];
    }),
  );
}
