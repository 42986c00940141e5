import { Application } from "@oakserver/oak";
import { control, hub, listening } from "../app.ts";

interface DenoServe {
  serve(
    options: { port: number; hostname: string; onListen: (at: { port: number }) => void },
    handler: (request: Request) => Promise<Response>,
  ): void;
}

const app = new Application();
app.use(async (context, next) => {
  const request = context.request.source as Request;
  if (!new URL(request.url).pathname.startsWith("/streams/")) return next();
  const { body, status, headers } = await hub.fetch(request);
  context.response.with(body, { status, headers: [...headers] });
});

(globalThis as unknown as { Deno: DenoServe }).Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen: ({ port }) => listening(port) },
  async (request) => {
    if (new URL(request.url).pathname === "/control") return control(request);
    // The package on npm has a `Response` of its own, which Deno does not take for one.
    const answer = await app.handle(request as never);
    return new Response(answer?.body as ReadableStream | null, {
      status: answer?.status,
      headers: [...(answer?.headers ?? [])],
    });
  },
);
