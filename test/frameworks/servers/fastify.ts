import { fastify } from "fastify";
import { toNodeHandler } from "ssetarget/node";
import { hub, listening, obey, type Command } from "../app.ts";

const handle = toNodeHandler(hub);
const app = fastify();
app.post("/control", (request) => obey(request.body as Command));
app.route({
  method: ["GET", "HEAD", "OPTIONS"],
  url: "/streams/:id/sse",
  handler: (request, reply) => {
    reply.hijack();
    handle(request.raw, reply.raw);
  },
});
await app.listen({ port: 0, host: "127.0.0.1" });
const [address] = app.addresses();
listening(address?.port ?? 0);
