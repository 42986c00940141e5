import { readdir } from "node:fs/promises";
import { createEventSource } from "eventsource-client";
import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "./support/lab.ts";
import { about, Watch, within, type WireEvent } from "./support/watch.ts";

let lab: Lab;
let finished: readonly WireEvent[];
beforeAll(async () => {
  lab = await Lab.start();
  await lab.create("finished", "flaky");
  finished = await Watch.all(lab.url("finished", "sse"));
});
afterAll(() => lab?.server.stop());

describe("serveSSE", () => {
  it("speaks the protocol, byte by byte", async () => {
    const response = await fetch(lab.url("finished", "sse"));
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(response.headers.get("cache-control")).toContain("no-transform");
    const text = await response.text();
    const [preface, first] = text.split("\n\n");
    expect(preface).toMatch(/^retry: \d+$/);
    expect(first).toMatch(
      /^id: 1\.[0-9a-z]{8}\nevent: started\ndata: \{"key":"finished\/[0-9a-f]{16}\/started\/1",.*\}$/,
    );
    expect(text.endsWith(`event: ssetarget:end\ndata: {"key":"ssetarget:end"}\n\n`)).toBe(true);
  });

  it("lets the caller set headers of every answer, also of those that the object gave", async () => {
    const cursor = finished.at(-1)?.cursor ?? "";
    const ways: readonly [number, string, string, RequestInit?][] = [
      [200, "finished", "sse-own-header"],
      [200, "finished", "sse-own-header", { method: "HEAD" }],
      [204, "finished", "sse-own-header", { headers: { "last-event-id": cursor } }],
      [204, "finished", "sse-own-header", { method: "OPTIONS" }],
      // Not GET, which the object lets wait for a first event.
      [404, "nobody-knows-this", "sse-own-header", { method: "HEAD" }],
      [405, "finished", "sse-own-header", { method: "PUT" }],
      [406, "finished", "sse-own-header", { headers: { accept: "text/html" } }],
    ];
    for (const [status, id, what, init] of ways) {
      const response = await fetch(lab.url(id, what), init);
      expect([response.status, response.headers.get("x-own")]).toEqual([status, "1"]);
      await response.body?.cancel();
    }
  });

  it("gives a client that comes back exactly what it lacks, whichever event was its last", async () => {
    for (const [index, { cursor, type }] of finished.entries()) {
      if (type === "ssetarget:end") continue;
      expect(await Watch.all(lab.url("finished", "sse"), cursor)).toEqual(finished.slice(index + 1));
      const byQuery = `${lab.url("finished", "sse")}?lastEventId=${encodeURIComponent(cursor)}`;
      expect(await Watch.all(byQuery)).toEqual(finished.slice(index + 1));
    }
  });

  it("answers 204 to a client that has had the end", async () => {
    const cursor = finished.at(-1)?.cursor ?? "";
    const response = await fetch(lab.url("finished", "sse"), { headers: { "last-event-id": cursor } });
    expect(response.status).toBe(204);
    expect((await fetch(`${lab.url("finished", "sse")}?lastEventId=${cursor}`)).status).toBe(204);
  });

  it("shows an early client and a late one the same, whatever they read with", async () => {
    await lab.create("shared", "tour");
    const early: string[] = [];
    const source = new EventSource(lab.url("shared", "sse"));
    const earlyEnd = new Promise<void>((resolve) => {
      for (const type of ["started", "updated", "log", "ended", "ssetarget:end"]) {
        source.addEventListener(type, ({ lastEventId, data }) => {
          early.push(`${lastEventId} ${type} ${data}`);
          if (type === "ssetarget:end") resolve();
        });
      }
    });
    const watch = await lab.watch("shared");
    await watch.until(about("started", "signal"));

    const late: string[] = [];
    const client = createEventSource(lab.url("shared", "sse"));
    const lateEnd = (async () => {
      for await (const { id, event, data } of client) {
        late.push(`${id} ${event} ${data}`);
        if (event === "ssetarget:end") break;
      }
    })();
    await lab.post("shared", "event");
    await within(Promise.all([earlyEnd, lateEnd, watch.closed]), () => "all clients to see the end");
    source.close();
    client.close();
    expect(late).toEqual(early);
    expect(early).toHaveLength(watch.events.length);
  });

  it("answers 404 for an instance that does not exist, and makes no object for it", async () => {
    const before = await objects();
    expect(before.length).toBeGreaterThan(0);
    for (const id of ["nobody", "constructor", "__proto__", "no/body", "ünknown", "x".repeat(300)]) {
      const response = await fetch(lab.url(id, "sse"));
      expect([id, response.status]).toEqual([id, 404]);
      expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    }
    expect((await fetch(lab.url("nobody", "sse"), { method: "HEAD" })).status).toBe(404);
    expect(await objects()).toEqual(before);
  });

  it("waits with a client for the first event of an instance that has only just been created", async () => {
    await lab.create("newborn", "flaky");
    expect((await Watch.all(lab.url("newborn", "sse"))).length).toBe(finished.length);
  });

  it("answers 405 to what is no read, and HEAD without a stream", async () => {
    const refused = await fetch(lab.url("finished", "sse"), { method: "POST" });
    expect(refused.status).toBe(405);
    expect(refused.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    const head = await fetch(lab.url("finished", "sse"), { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(await head.text()).toBe("");
  });

  describe("without the Workflow's binding", () => {
    it("answers 404 where there are no events, and writes nothing", async () => {
      expect((await fetch(lab.url("nothing", "sse-unvouched?forgetful"))).status).toBe(404);
      expect(await lab.report("nothing", "?forgetful")).toEqual({ tables: [], rows: 0, alarm: null });
    });

    it("does not refuse a client that is a little too early", async () => {
      const early = Watch.open(lab.url("early", "sse-unvouched"));
      await lab.create("early", "flaky");
      const watch = await early;
      expect(watch.status).toBe(200);
      await watch.closed;
      expect(watch.events).toHaveLength(finished.length);
    });

    it("does not believe a client that vouches for itself", async () => {
      const headers = { "ssetarget-instance": "live" };
      expect((await fetch(lab.url("liar", "sse-unvouched?forgetful"), { headers })).status).toBe(404);
    });
  });
});

/** The files of all objects that keep events. */
async function objects(): Promise<readonly string[]> {
  const files = await readdir(lab.server.storageDir, { recursive: true });
  return files.filter((path) => /LabEvents[/\\][0-9a-f]{64}\.sqlite$/.test(path)).toSorted();
}
