import { expect } from "vitest";
import { TOKEN } from "./app.ts";
import { until } from "../support/until.ts";
import type { Door } from "./client.ts";

/** Something that a user of any framework and runtime can rely on. */
export interface Behaviour {
  /** As the table in docs/frameworks.md heads it. */
  readonly name: string;
  readonly title: string;
  readonly expectOf: (door: Door, stream: string) => Promise<void>;
}

const path = (stream: string) => `/streams/${stream}/sse`;
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** In this order, because the last one closes the hub. */
export const behaviours: readonly Behaviour[] = [
  {
    name: "connect",
    title: "answers with an event stream at once, before there is any event",
    expectOf: async (door, stream) => {
      const reader = await door.stream(path(stream));
      await reader.until(() => reader.retries.length === 1, "`retry:` has come");
      expect(reader.status).toBe(200);
      expect(reader.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
      expect(reader.headers["cache-control"]).toBe("no-cache, no-transform");
      reader.hangUp();
    },
  },
  {
    name: "events",
    title: "sends events as they are dispatched, and a comment when there are none",
    expectOf: async (door, stream) => {
      const reader = await door.stream(path(stream));
      for (let n = 1; n <= 3; n++) {
        await door.command({ do: "dispatch", stream, from: n, to: n });
        await reader.count(n);
      }
      expect(reader.numbers).toEqual([1, 2, 3]);
      await reader.until(() => reader.comments.length > 0, "a comment has come");
      reader.hangUp();
    },
  },
  {
    name: "resume",
    title: "goes on after the Last-Event-ID, or the lastEventId of the URL",
    expectOf: async (door, stream) => {
      await door.command({ do: "dispatch", stream, from: 1, to: 5 });
      const all = await (await door.stream(path(stream))).count(5);
      const third = all.events[2]?.id ?? "";
      const [byHeader, byQuery] = [
        await (await door.stream(path(stream), { "last-event-id": third })).count(2),
        await (await door.stream(`${path(stream)}?lastEventId=${third}`)).count(2),
      ];
      expect([byHeader.numbers, byQuery.numbers]).toEqual([
        [4, 5],
        [4, 5],
      ]);
      for (const reader of [all, byHeader, byQuery]) reader.hangUp();
    },
  },
  {
    name: "gap",
    title: "says what is missing",
    expectOf: async (door, stream) => {
      await door.command({ do: "dispatch", stream, from: 1, to: 1 });
      const first = await (await door.stream(path(stream))).count(1);
      first.hangUp();
      await door.command({ do: "dispatch", stream, from: 2, to: 50 });
      const late = await (await door.stream(path(stream), { "last-event-id": first.cursor })).count(21);
      expect(late.events[0]?.event).toBe("ssetarget:gap");
      expect(JSON.parse(late.events[0]?.data ?? "")).toEqual({ reason: "trimmed", after: 1, resumesAt: 31 });
      expect(late.numbers.slice(1)).toEqual(numbers(31, 50));
      late.hangUp();
    },
  },
  {
    name: "end, 204",
    title: "ends a stream that was completed, and answers 204 to who has all of it",
    expectOf: async (door, stream) => {
      await door.command({ do: "dispatch", stream, from: 1, to: 1 });
      const reader = await (await door.stream(path(stream))).count(1);
      await door.command({ do: "complete", stream });
      await reader.until(() => reader.isEnded, "the stream has ended");
      expect(reader.events.at(-1)?.event).toBe("ssetarget:end");
      const again = await door.text(path(stream), { headers: { "last-event-id": reader.cursor } });
      expect([again.status, again.text]).toEqual([204, ""]);
    },
  },
  {
    name: "disconnect",
    title: "notices that a client has gone",
    expectOf: async (door, stream) => {
      await until(
        async () => (await door.command({ do: "connections" })) === 0,
        "clients of earlier cases are no longer counted",
      );
      const reader = await door.stream(path(stream));
      await reader.until(() => reader.retries.length === 1, "`retry:` has come");
      expect(await door.command({ do: "connections" })).toBe(1);
      reader.hangUp();
      await until(
        async () => (await door.command({ do: "connections" })) === 0,
        "the client that has gone is no longer counted",
      );
    },
  },
  {
    name: "auth",
    title: "refuses whom authorize refuses, in plain words and without a byte of the stream",
    expectOf: async (door, stream) => {
      const secret = `secret-${stream}`;
      await door.command({ do: "dispatch", stream: secret, from: 1, to: 1 });
      const refused = await door.text(path(secret));
      expect([refused.status, refused.headers["content-type"]]).toEqual([401, "text/plain; charset=utf-8"]);
      const reader = await (await door.stream(path(secret), { authorization: `Bearer ${TOKEN}` })).count(1);
      reader.hangUp();
    },
  },
  {
    name: "CORS",
    title: "lets the page of the other origin read, and no other",
    expectOf: async (door, stream) => {
      const origin = "https://app.example";
      const reader = await door.stream(path(stream), { origin });
      expect(reader.headers["access-control-allow-origin"]).toBe(origin);
      expect(reader.headers["access-control-allow-credentials"]).toBe("true");
      reader.hangUp();
      const preflight = await door.text(path(stream), {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "GET" },
      });
      expect([preflight.status, preflight.headers["access-control-allow-origin"]]).toEqual([204, origin]);
      const other = await door.stream(path(stream), { origin: "https://evil.example" });
      expect(other.headers["access-control-allow-origin"]).not.toBe("https://evil.example");
      other.hangUp();
    },
  },
  {
    name: "HEAD",
    title: "answers HEAD with the head alone",
    expectOf: async (door, stream) => {
      const head = await door.text(path(stream), { method: "HEAD" });
      expect([head.status, head.text, head.headers["content-type"]]).toEqual([
        200,
        "",
        "text/event-stream; charset=utf-8",
      ]);
      await until(async () => (await door.command({ do: "connections" })) === 0, "a HEAD is not counted as a client");
    },
  },
  {
    name: "gzip asked",
    title: "sends events at once to a client that would take them compressed",
    expectOf: async (door, stream) => {
      const reader = await door.stream(path(stream), { "accept-encoding": "gzip, br" });
      for (let n = 1; n <= 3; n++) {
        await door.command({ do: "dispatch", stream, from: n, to: n });
        await reader.count(n);
      }
      reader.hangUp();
    },
  },
  {
    name: "100 clients",
    title: "sends 100 clients every event, in order, once",
    expectOf: async (door, stream) => {
      const readers = await Promise.all(Array.from({ length: 100 }, () => door.stream(path(stream))));
      await door.command({ do: "dispatch", stream, from: 1, to: 20 });
      for (const reader of readers) expect((await reader.count(20)).numbers).toEqual(numbers(1, 20));
      for (const reader of readers) reader.hangUp();
    },
  },
  {
    name: "close",
    title: "sends clients away when it is closed, each to come again at a moment of its own",
    expectOf: async (door, stream) => {
      const readers = await Promise.all([1, 2, 3].map(() => door.stream(path(stream))));
      for (const reader of readers) await reader.until(() => reader.retries.length === 1, "`retry:` has come");
      await door.command({ do: "close" });
      for (const reader of readers) {
        await reader.until(() => reader.isEnded, "the stream has ended");
        expect(reader.retries.length).toBe(2);
      }
      // A browser gives up for ever on a 503; it comes back to a stream that ends.
      const late = await door.stream(path(stream));
      await late.until(() => late.isEnded, "the stream of one that came too late has ended");
      expect([late.status, late.retries.length]).toEqual([200, 1]);
    },
  },
];
