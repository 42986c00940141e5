import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { admittedStrangers, fromOwnPage, send } from "../support/strangers.ts";
import { startDevServer, type DevServer } from "./support/dev-server.ts";
import { sketch, unevenSpans } from "./support/sketch.ts";
import { about, Watch } from "./support/watch.ts";

let server: DevServer;
beforeAll(async () => {
  // Stands on what `npm run build` and `npm run build:page` have made.
  server = await startDevServer("examples/cloudflare/wrangler.jsonc");
});
afterAll(() => server?.stop());

const post = (path: string, body?: unknown): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method: "POST",
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });

async function start(): Promise<string> {
  return (await post("/", { speed: 20 })).headers.get("location") ?? "";
}

describe("the Cloudflare example", () => {
  it("runs a purchase from start to end, as one would with curl", async () => {
    const response = await post("/", { speed: 20 });
    expect(response.status).toBe(201);
    const location = response.headers.get("location") ?? "";
    expect(location).toMatch(/^\/[0-9a-f-]{36}$/);
    expect(await response.json()).toMatchObject({
      page: location,
      stream: `${location}/sse`,
      event: `${location}/event`,
    });

    const watch = await Watch.open(`${server.url}${location}/sse`);
    await watch.until(about("started", "approval by the warehouse"));
    expect((await post(`${location}/event`)).status).toBe(202);
    await watch.closed;
    expect(sketch(watch.events)).toEqual([
      "workflow purchase done",
      "  step check the basket done",
      "    attempt 1 done",
      "  step reserve the stock done",
      "    attempt 1 done",
      "  step look for fraud done",
      "    attempt 1 done",
      "      internal compare addresses done",
      "      internal ask the bank done",
      "  step charge the card done",
      "    attempt 1 failed: The provider is busy",
      "    attempt 2 failed: The provider did not answer",
      "    attempt 3 done",
      "  sleep let the payment settle done",
      "  step pack the parcel done",
      "    attempt 1 done",
      "  wait approval by the warehouse done",
      "  step hand it to the carrier done",
      "    attempt 1 done",
    ]);
    expect(unevenSpans(watch.events)).toEqual([]);
    expect(watch.events.some(about("updated", "pack the parcel"))).toBe(true);
    expect((await post(`${location}/event`)).status).toBe(409);
  });

  it("takes an approval that comes before it is waited for", async () => {
    const location = await start();
    expect((await post(`${location}/event`, { type: "approval" })).status).toBe(202);
    expect(sketch(await Watch.all(`${server.url}${location}/sse`))[0]).toBe("workflow purchase done");
  });

  it("starts and approves nothing for a page of another site", async () => {
    const location = await start();
    expect(await admittedStrangers(`${server.url}/`)).toEqual([]);
    expect(await admittedStrangers(`${server.url}${location}/event`)).toEqual([]);
    expect(
      (await send(`${server.url}${location}/sse`, { method: "GET", headers: { host: "evil.example" } })).status,
    ).toBe(403);
    expect((await fromOwnPage(`${server.url}/`, { speed: 20 })).status).toBe(201);
    for (const type of ["refund", "", 7, null])
      expect([type, (await post(`${location}/event`, { type })).status]).toEqual([type, 400]);
  });

  it("starts a purchase without a body, as one does with curl", async () => {
    expect((await post("/")).status).toBe(201);
  });

  it("serves the page for itself and for a purchase, and 404 for one that is not there", async () => {
    const location = await start();
    for (const [path, status] of [
      ["/", 200],
      [location, 200],
      ["/nobody", 404],
    ] as const) {
      const response = await fetch(`${server.url}${path}`);
      expect([path, response.status]).toEqual([path, status]);
      expect(response.headers.get("content-type")).toMatch(/^text\/html/);
      expect(await response.text()).toContain('<div id="app">');
    }
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(await (await fetch(server.url)).text())?.[1] ?? "";
    expect((await fetch(`${server.url}${script}`)).headers.get("content-type")).toMatch(/javascript/);
  });

  it("answers what it cannot do in words", async () => {
    expect((await fetch(`${server.url}/nobody/sse`)).status).toBe(404);
    expect((await post("/nobody/event")).status).toBe(404);
    expect((await fetch(`${server.url}/nobody/else`)).status).toBe(404);
    expect((await post("/", { speed: "fast" })).status).toBe(400);
    expect((await fetch(`${server.url}/nobody/event`)).status).toBe(405);
    expect((await fetch(server.url, { method: "DELETE" })).status).toBe(405);
  });
});
