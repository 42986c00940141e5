import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type ServerSentEventTarget, sendEvents } from "ssetarget";
import type { SendEventsArguments } from "../../src/per-request/send-events.ts";
import { sendEvents as sendNodeEvents } from "ssetarget/node";

/** A client of one request, and the target that the server has for it. */
export interface Exchange {
  readonly target: ServerSentEventTarget;
  readonly status: number;
  readonly headers: Headers;
  /** Reads until the text holds what is looked for, or the stream ends; answers with everything read so far. */
  readonly readUntil: (wanted: string) => Promise<string>;
  readonly readToEnd: () => Promise<string>;
  readonly hangUp: () => void;
}

export interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Door = (rest: SendEventsArguments, asked?: Asked) => Promise<Exchange>;

const closing: (() => void)[] = [];

/** Ends what the doors have begun. */
export function closeDoors(): void {
  for (const close of closing.splice(0)) close();
}

/** Both ways to a per-request target. */
export const DOORS: Readonly<Record<"the universal door" | "Node's door", Door>> = {
  "the universal door": async (rest, { method, path = "/sse", headers = {} } = {}) => {
    const controller = new AbortController();
    const request = new Request(`http://localhost${path}`, { method, headers, signal: controller.signal });
    const target = sendEvents(request, ...(rest as []));
    const { body, status, headers: answered } = target.response;
    const reader = body?.getReader();
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    return exchange(
      target,
      status,
      answered,
      () => controller.abort(),
      async () => {
        const chunk = await reader?.read();
        return chunk?.value === undefined ? undefined : decoder.decode(chunk.value as Uint8Array, { stream: true });
      },
    );
  },
  "Node's door": async (rest, { method = "GET", path = "/sse", headers = {} } = {}) => {
    let made: (target: ServerSentEventTarget) => void;
    const target = new Promise<ServerSentEventTarget>((resolve) => (made = resolve));
    const port = await listen(
      createServer((request, response) => made(sendNodeEvents(request, response, ...(rest as [])))),
    );
    const asking = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false });
    asking.on("error", () => {});
    asking.end();
    const [response] = (await once(asking, "response")) as [IncomingMessage];
    response.on("error", () => {});
    const answered = new Headers();
    for (let at = 0; at < response.rawHeaders.length; at += 2) {
      answered.append(response.rawHeaders[at] as string, response.rawHeaders[at + 1] as string);
    }
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const chunks = response[Symbol.asyncIterator]();
    return exchange(
      await target,
      response.statusCode ?? 0,
      answered,
      () => asking.destroy(),
      async () => {
        const chunk = await chunks.next().catch(() => ({ done: true, value: undefined }));
        return chunk.done === true ? undefined : decoder.decode(chunk.value as Uint8Array, { stream: true });
      },
    );
  },
};

function exchange(
  target: ServerSentEventTarget,
  status: number,
  headers: Headers,
  hangUp: () => void,
  next: () => Promise<string | undefined>,
): Exchange {
  let text = "";
  const readUntil = async (wanted?: string) => {
    const isThere = () => wanted !== undefined && text.includes(wanted);
    while (!isThere()) {
      const more = await next();
      if (more === undefined) break;
      text += more;
    }
    return text;
  };
  return { target, status, headers, hangUp, readUntil, readToEnd: () => readUntil() };
}

/** Listens on a port of its own until the doors are closed. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    // HTTP/2's has none.
    server.closeAllConnections?.();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
