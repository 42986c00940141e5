import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { streamText } from "ai";
import { type DataEvent, dataEvent, SSEHub } from "ssetarget";
import { type ChunkEvent, Generations } from "ssetarget/generations";
import { toNodeHandler } from "ssetarget/node";
import { refusalOf } from "../shared/refusal.ts";
import { answerTo } from "./answers.ts";
import { slowModel } from "./slow-model.ts";

/**
 * | request | answer |
 * | --- | --- |
 * | `POST /chat` | `{ "conversation": …, "text": … }` asks a question: 201, `{ "id": … }` |
 * | `GET /chat/<id>/sse` | the answer, from its beginning or from the client's cursor |
 * | `POST /chat/<id>/stop` | stops it: 204 |
 * | `GET /conversations/<id>/sse` | the questions of a conversation |
 * | `GET /` | a new conversation; `GET /c/<id>` is its page |
 *
 * A conversation belongs to the browser that started it, identified by its cookie. Knowing an id grants no access: ids appear in
 * URLs and logs. Someone else's conversation gets the same 404 as one that does not exist.
 */
const port = Number(process.env["PORT"] ?? 9877);
const msPerWord = Number(process.env["MS_PER_WORD"] ?? 70);
const MAX_TEXT_LENGTH = 4_000;
const MAX_CONVERSATIONS = 10_000;

type Asked = DataEvent<"asked", { readonly id: string; readonly text: string }>;

interface Conversation {
  readonly owner: string;
  /** The latest answer. */
  answer?: string;
}

/** Conversations since the server started. */
const conversations = new Map<string, Conversation>();
const asked = new SSEHub<Asked>("/conversations/:id/sse", {
  authorize: (request, id) => ownedBy(sessionOf(request.headers.get("cookie")), id) !== undefined || 404,
});
const answers = new SSEHub<ChunkEvent<string>>("/chat/:id/sse", {
  authorize: (request, id) =>
    ownedBy(sessionOf(request.headers.get("cookie")), conversationOf(id)) !== undefined || 404,
  // Everything is in memory: a conversation that this process does not hold will never appear.
  exists: () => false,
  onError: console.error,
});
const generations = new Generations<string>(answers, {
  join: (a, b) => a + b,
  onError: (error) => console.error(String(error)),
});
const serveAsked = toNodeHandler(asked);
const serveAnswer = toNodeHandler(answers);

const model = slowModel({
  answer: answerTo,
  msPerWord,
  onAbort: (words) => console.log(`the model was aborted after ${words} words`),
});

/** Identifies a browser: a secret in its cookie. */
function sessionOf(cookies: string | null | undefined): string | undefined {
  return /(?:^|;\s*)chat-session=([\w-]{36})(?:;|$)/.exec(cookies ?? "")?.[1];
}

/** The conversation, if it belongs to this browser. */
function ownedBy(session: string | undefined, id: string): Conversation | undefined {
  const conversation = conversations.get(id);
  return session !== undefined && conversation?.owner === session ? conversation : undefined;
}

/** An answer's name starts with its conversation's. */
function conversationOf(answerId: string): string {
  return answerId.split(".", 1)[0] ?? "";
}

/** The model's answer, as text. */
async function* say(text: string, abortSignal: AbortSignal): AsyncGenerator<string> {
  const { stream } = streamText({ model, prompt: text, abortSignal, onError: () => {} });
  let words = 0;
  for await (const part of stream) {
    if (part.type === "error") throw part.error;
    if (part.type === "text-delta") yield part.text;
    if (part.type === "text-delta" && /\bfail\b/i.test(text) && ++words === 12) throw new Error("asked to fail");
  }
}

async function ask(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { conversation: name, text } = await readQuestion(request);
  const conversation = ownedBy(sessionOf(request.headers.cookie), name);
  if (conversation === undefined) return send(response, 404, "There is no such conversation.");
  if (text === "" || text.length > MAX_TEXT_LENGTH)
    return send(response, 400, `A question must have 1 to ${MAX_TEXT_LENGTH} characters.`);
  if (conversation.answer !== undefined && generations.get(conversation.answer) !== undefined)
    return send(response, 409, "Wait for the current answer, or stop it.");
  const { id } = generations.start(`${name}.${crypto.randomUUID()}`, (signal) => say(text, signal));
  conversation.answer = id;
  await asked.dispatchEvent(name, dataEvent("asked", { id, text }));
  response
    .writeHead(201, { "content-type": "application/json", location: answers.pathOf(id) })
    .end(JSON.stringify({ id }));
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pathname = request.url?.split("?", 1)[0] ?? "/";
  const [, place, id = "", action] = pathname.split("/");
  const refusal = refusalOf(request.method, (name) => request.headers[name]?.toString());
  if (refusal !== undefined) return send(response, refusal.status, refusal.sentence);
  const session = sessionOf(request.headers.cookie);
  if (request.method === "POST") {
    if (place === "chat" && id === "") return ask(request, response);
    const isOwn = place === "chat" && action === "stop" && ownedBy(session, conversationOf(id)) !== undefined;
    if (!isOwn) return send(response, 404, "Not found.");
    await generations.get(id)?.stop();
    response.writeHead(204).end();
    return;
  }
  if (place === "conversations") return serveAsked(request, response);
  if (place === "chat") return serveAnswer(request, response);
  if (pathname === "/") {
    const conversation = crypto.randomUUID();
    const owner = session ?? crypto.randomUUID();
    conversations.set(conversation, { owner });
    for (const oldest of conversations.keys()) {
      if (conversations.size <= MAX_CONVERSATIONS) break;
      conversations.delete(oldest);
    }
    // Over HTTPS, add `Secure`, and the prefix `__Host-` to the name.
    const cookie = `chat-session=${owner}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400`;
    response
      .writeHead(303, { location: `/c/${conversation}`, "cache-control": "no-store", "set-cookie": cookie })
      .end();
    return;
  }
  if (place === "c") return sendFile(response, "index.html", "text/html", ownedBy(session, id) ? 200 : 404);
  if (pathname === "/chat.js") return sendFile(response, "chat.js", "text/javascript");
  if (pathname === "/chat.css") return sendFile(response, "chat.css", "text/css");
  send(response, 404, "Not found.");
}

async function readQuestion(request: IncomingMessage): Promise<{ conversation: string; text: string }> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += String(chunk);
    if (body.length > 4 * MAX_TEXT_LENGTH) throw new SyntaxError("the body is too long");
  }
  const { conversation, text } = (JSON.parse(body) ?? {}) as { conversation?: unknown; text?: unknown };
  return {
    conversation: typeof conversation === "string" ? conversation : "",
    text: typeof text === "string" ? text.trim() : "",
  };
}

async function sendFile(response: ServerResponse, name: string, type: string, status = 200): Promise<void> {
  const body = await readFile(new URL(`page/${name}`, import.meta.url));
  response.writeHead(status, { "content-type": `${type}; charset=utf-8` }).end(body);
}

function send(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${sentence}\n`);
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    if (!response.headersSent)
      send(response, error instanceof SyntaxError ? 400 : 500, "The server failed to handle this request.");
    if (!(error instanceof SyntaxError)) console.error(error);
  });
});

server.listen(port, "127.0.0.1", () => console.log(`A chat: http://127.0.0.1:${port}/`));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close();
    // End every answer before its clients are disconnected.
    void generations
      .close()
      .then(() => Promise.all([asked.close(), answers.close()]))
      .then(() => process.exit(0));
  });
}
