import type { Connection } from "./scenes.ts";

/** One request and its response, as they go over the wire. */
export interface Transcript {
  readonly lastEventId: string | undefined;
  readonly status: number;
  readonly head: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Plays a connection to its end. Once nothing more happens on the server, the client leaves. */
export async function record({ lastEventId, serve, live }: Connection): Promise<Transcript> {
  const headers = {
    accept: "text/event-stream",
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
  };
  const response = await serve(new Request("http://localhost/sse", { headers }));
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let body = "";
  let isEnded = false;
  const reading = (async () => {
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) body += next.value;
    isEnded = true;
  })();
  await settled(() => body);
  await live?.();
  await settled(() => body);
  if (!isEnded) await reader?.cancel();
  await reading;
  return { lastEventId, status: response.status, head: Object.fromEntries(response.headers), body };
}

/** Resolves when several turns of the event loop have added nothing. */
async function settled(text: () => string): Promise<void> {
  for (let before = "", quiet = 0; quiet < 20; quiet = text() === before ? quiet + 1 : 0, before = text())
    await new Promise((resolve) => setImmediate(resolve));
}

const RULE = "=".repeat(20);

export function format(transcripts: readonly Transcript[]): string {
  const lines = ({ lastEventId, status, head, body }: Transcript) => [
    `GET /sse${lastEventId === undefined ? "" : `\nlast-event-id: ${lastEventId}`}`,
    `${status}\n${Object.entries(head)
      .map(([name, value]) => `${name}: ${value}`)
      .toSorted()
      .join("\n")}`,
    body,
  ];
  return transcripts.map((each) => lines(each).join("\n\n")).join(`${RULE}\n`);
}

export function parse(text: string): Transcript[] {
  return text.split(`${RULE}\n`).map((part) => {
    const [request = "", answer = "", ...rest] = part.split("\n\n");
    const [status, ...head] = answer.split("\n");
    return {
      lastEventId: /last-event-id: (.*)/.exec(request)?.[1],
      status: Number(status),
      head: Object.fromEntries(head.map((line) => line.split(": ", 2) as [string, string])),
      body: rest.join("\n\n"),
    };
  });
}
