import type { AddressInfo } from "node:net";
import { EventSource } from "eventsource";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { admittedStrangers, fromOwnPage, send } from "../support/strangers.ts";
import { startExample, type RunningExample } from "../support/start-example.ts";

/** Every server that is an example, but for the cluster and the Worker, whose own tests do the same. */
let node: RunningExample;
let chat: RunningExample;
let destination: RunningExample;
let shop: ViteDevServer;
let shopUrl: string;

beforeAll(async () => {
  [node, chat, destination] = await Promise.all([
    startExample("examples/node/server.ts"),
    startExample("examples/chat/server.ts", { MS_PER_WORD: "1000" }),
    startExample("examples/destination/server.ts"),
  ]);
  process.env["SHOP_URL"] = node.url;
  const server = { port: 0, strictPort: false, hmr: false, ws: false } as const;
  shop = await createServer({ configFile: "examples/react/vite.config.ts", logLevel: "error", server });
  await shop.listen();
  const address = shop.httpServer?.address() as AddressInfo | null | undefined;
  shopUrl = `http://127.0.0.1:${address?.port}`;
});
afterAll(() => Promise.all([node?.stop(), chat?.stop(), destination?.stop(), shop?.close()]));

describe("a page of another site", () => {
  it("starts and approves nothing at the Node demo, and reads nothing", async () => {
    expect(await admittedStrangers(`${node.url}/`)).toEqual([]);
    const { headers } = await fromOwnPage(`${node.url}/`, { speed: 20 });
    expect(await admittedStrangers(`${node.url}${headers.location}/event`, '{"type":"approval"}')).toEqual([]);
    expect(
      await send(`${node.url}${headers.location}/sse`, { method: "GET", headers: { host: "evil.example" } }),
    ).toMatchObject({ status: 403 });
  });

  it("orders and approves nothing at the shop, where the Node demo stands behind another server", async () => {
    expect(await admittedStrangers(`${shopUrl}/api/`)).toEqual([]);
    expect((await fromOwnPage(`${shopUrl}/api/`, { speed: 20 })).status).toBe(201);
  });

  it("asks and stops nothing at the chat", async () => {
    expect(await admittedStrangers(`${chat.url}/chat`)).toEqual([]);
    expect(await admittedStrangers(`${chat.url}/chat/some/stop`)).toEqual([]);
    expect(await send(`${chat.url}/`, { method: "GET", headers: { host: "evil.example" } })).toMatchObject({
      status: 403,
    });
  });

  it("runs no workflow at the destination", async () => {
    expect(await admittedStrangers(`${destination.url}/pipelines/p_1/runs`)).toEqual([]);
    expect((await fromOwnPage(`${destination.url}/pipelines/p_1/runs`)).status).toBe(202);
  });
});

describe("the Node demo", () => {
  it("takes what its documents show with curl, which says neither where it is from nor what it sends", async () => {
    const { status, headers } = await send(`${node.url}/`);
    expect(status).toBe(201);
    expect((await send(`${node.url}${headers.location}/event`)).status).toBe(202);
  });

  it("sends a purchase the approval and no other event", async () => {
    const { headers } = await fromOwnPage(`${node.url}/`, { speed: 1 });
    for (const type of ["refund", "", 7, null, { approval: 1 }])
      expect([type, (await fromOwnPage(`${node.url}${headers.location}/event`, { type })).status]).toEqual([type, 400]);
    for (const speed of ["20", 0, 101, null, [1]])
      expect([speed, (await fromOwnPage(`${node.url}/`, { speed })).status]).toEqual([speed, 400]);
    expect((await fromOwnPage(`${node.url}${headers.location}/event`, { type: "approval" })).status).toBe(202);
  });
});

describe("the chat", () => {
  const begin = async () => {
    const { headers } = await send(`${chat.url}/`, { method: "GET" });
    const cookie = headers["set-cookie"]?.[0]?.split(";", 1)[0] ?? "";
    return { cookie, cookieText: headers["set-cookie"]?.[0], conversation: headers.location?.split("/").at(-1) ?? "" };
  };
  const statusOf = async (path: string, cookie: string) =>
    (await send(`${chat.url}${path}`, { method: "GET", headers: { cookie } })).status;

  it("gives nobody but the browser that began a conversation a right to it, whoever knows its id", async () => {
    const own = await begin();
    expect(own.cookieText).toMatch(/^chat-session=[\w-]{36}; Path=\/; HttpOnly; SameSite=Lax/);
    const question = { conversation: own.conversation, text: "reload?" };
    const asked = await fromOwnPage(`${chat.url}/chat`, question, { cookie: own.cookie });
    expect(asked.status).toBe(201);
    const answer = asked.headers.location ?? "";
    const stop = answer.replace(/sse$/, "stop");
    const other = await begin();
    for (const cookie of [
      "",
      other.cookie,
      "chat-session=",
      "chat-session=undefined",
      `x${own.cookie}`,
      own.cookie.slice(0, -1),
    ]) {
      expect(await statusOf(answer, cookie)).toBe(404);
      expect(await statusOf(`/conversations/${own.conversation}/sse`, cookie)).toBe(404);
      expect(await statusOf(`/c/${own.conversation}`, cookie)).toBe(404);
      expect((await fromOwnPage(`${chat.url}/chat`, question, { cookie })).status).toBe(404);
      expect((await fromOwnPage(`${chat.url}${stop}`, {}, { cookie })).status).toBe(404);
    }
    expect(await statusOf(answer, own.cookie)).toBe(200);
    expect(await statusOf(`/conversations/${own.conversation}/sse`, `a=b; ${own.cookie}; c=d`)).toBe(200);
    expect((await fromOwnPage(`${chat.url}${stop}`, {}, { cookie: own.cookie })).status).toBe(204);
  });

  it("keeps one browser's conversations under one cookie", async () => {
    const { cookie } = await begin();
    const { headers } = await send(`${chat.url}/`, { method: "GET", headers: { cookie } });
    expect(headers["set-cookie"]?.[0]).toContain(`${cookie};`);
  });
});

describe("the destination", () => {
  it("lets a page that was opened from disk listen", async () => {
    const response = await fetch(`${destination.url}/pipelines/p_1/sse`, { headers: { origin: "null" } });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    await response.body?.cancel();
    // As any client does that is no browser.
    const source = new EventSource(`${destination.url}/pipelines/p_2/sse`);
    await new Promise((resolve) => source.addEventListener("open", resolve));
    source.close();
  });
});
