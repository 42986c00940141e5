import { control, hub, listening } from "../app.ts";

interface DenoServe {
  serve(
    options: { port: number; hostname: string; onListen: (at: { port: number }) => void },
    handler: (request: Request) => Promise<Response>,
  ): void;
}

(globalThis as unknown as { Deno: DenoServe }).Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen: ({ port }) => listening(port) },
  (request) => (new URL(request.url).pathname === "/control" ? control(request) : hub.fetch(request)),
);
