import { MemoryEventStore, SSEHub } from "ssetarget";

/** What the suite dispatches. */
export type Tick = { type: "tick"; n: number; text?: string };

/** What the suite asks of a server beside streams, by `POST /control`. */
export type Command =
  | { readonly do: "dispatch"; readonly stream: string; readonly from: number; readonly to: number }
  | { readonly do: "complete"; readonly stream: string }
  | { readonly do: "connections" }
  | { readonly do: "close" };

const KEPT_EVENTS = 20;
export const TOKEN = "let-me-in";

/** The same for every framework and runtime: what differs is the door. */
export const hub = new SSEHub<Tick>("/streams/:id/sse", {
  store: () => new MemoryEventStore({ maxEvents: KEPT_EVENTS }),
  authorize: (request, stream) =>
    stream.startsWith("secret") && request.headers.get("authorization") !== `Bearer ${TOKEN}` ? 401 : true,
  cors: { origin: "https://app.example", credentials: true },
  // What is trimmed shall be gone at once, and not be in the window still.
  maxWindowEvents: 1,
  // Short, because some runtimes notice that a client has gone only when they write to it.
  keepAliveMs: 250,
});

/** Obeys, and answers with a number. */
export async function obey(command: Command): Promise<number> {
  switch (command.do) {
    case "dispatch": {
      const { stream, from, to } = command;
      for (let n = from; n <= to; n++) await hub.dispatchEvent(stream, { type: "tick", n });
      return to;
    }
    case "complete":
      await hub.complete(command.stream);
      return 0;
    case "connections":
      return hub.connectionCount;
    case "close":
      // Not awaited: where the request that asks for it runs in the same server, that is to answer first.
      void hub.close({ reconnectSpreadMs: 100 });
      return 0;
    default:
      throw new Error(`no such command: ${JSON.stringify(command)}`);
  }
}

/** `POST /control` as a web handler. */
export async function control(request: Request): Promise<Response> {
  return Response.json(await obey((await request.json()) as Command));
}

/** Says where the server is; the suite waits for it. */
export function listening(port: number): void {
  // oxlint-disable-next-line no-console -- This is how the suite is told.
  console.log(`listening ${port}`);
}
