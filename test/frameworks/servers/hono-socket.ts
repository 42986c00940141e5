import { serve, type HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { toNodeHandler } from "ssetarget/node";
import { control, hub, listening } from "../app.ts";

const handle = toNodeHandler(hub);
const app = new Hono<{ Bindings: HttpBindings }>();
app.use("/streams/recipes/*", cors({ origin: "https://page.example" }));
app.post("/control", (c) => control(c.req.raw));
app.all("/streams/:id/sse", (c) => {
  // Copy headers that middleware has set (CORS, cookies): they would be lost with Hono's response.
  c.res.headers.forEach((value, name) => c.env.outgoing.appendHeader(name, value));
  void handle(c.env.incoming, c.env.outgoing);
  return RESPONSE_ALREADY_SENT;
});
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => listening(port));
