import { fastify } from "fastify";
import { toNodeHandler } from "ssetarget/node";
import { hub, listening, obey, type Command } from "../app.ts";

const handle = toNodeHandler(hub);
const app = fastify();
// As `@fastify/cors` does.
app.addHook("onRequest", async ({ url }, reply) => {
  if (url === "/streams/recipes/sse")
    reply.header("access-control-allow-origin", "https://page.example").header("vary", "Origin");
});
app.post("/control", (request) => obey(request.body as Command));
app.route({
  method: ["GET", "HEAD", "OPTIONS"],
  url: "/streams/:id/sse",
  handler: (request, reply) => {
    reply.hijack();
    // Copy headers that plugins have set (CORS, cookies): they would be lost with the reply.
    for (const [name, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, value ?? "");
    return handle(request.raw, reply.raw);
  },
});
await app.listen({ port: 0, host: "127.0.0.1" });
const [address] = app.addresses();
listening(address?.port ?? 0);
