import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { control, hub, listening } from "../app.ts";

const app = new Hono();
app.post("/control", (c) => control(c.req.raw));
app.all("/streams/:id/sse", (c) => hub.fetch(c.req.raw));
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => listening(port));
