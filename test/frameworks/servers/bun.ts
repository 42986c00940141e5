import { control, hub, listening } from "../app.ts";

interface BunServe {
  serve(options: {
    port: number;
    hostname: string;
    idleTimeout: number;
    fetch: (request: Request) => Promise<Response>;
  }): { readonly port: number };
}

const server = (globalThis as unknown as { Bun: BunServe }).Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  // In seconds; it must be longer than `keepAliveMs`, and Bun's own 10 s are shorter than the 15 s that are its default.
  idleTimeout: 30,
  fetch: (request) => (new URL(request.url).pathname === "/control" ? control(request) : hub.fetch(request)),
});
listening(server.port);
