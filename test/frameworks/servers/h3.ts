import { H3, serve } from "h3";
import { control, hub, listening } from "../app.ts";

const app = new H3();
app.post("/control", (event) => control(event.req));
app.all("/streams/:id/sse", (event) => hub.fetch(event.req));
const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
await server.ready();
listening(Number(new URL(server.url ?? "").port));
