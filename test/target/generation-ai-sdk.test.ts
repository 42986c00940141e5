import { createServer, type IncomingMessage } from "node:http";
import {
  AbstractChat,
  convertToModelMessages,
  streamText,
  toUIMessageStream,
  type UIMessage,
  type UIMessageChunk,
} from "ai";
import { EventSource } from "eventsource";
import { SSEHub } from "ssetarget";
import { type ChunkEvent, type Generation, Generations } from "ssetarget/generations";
import { toNodeHandler } from "ssetarget/node";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StoredChatTransport } from "../../examples/chat/chat-transport.ts";
import { slowModel } from "../../examples/chat/slow-model.ts";
import { closeDoors, listen } from "../support/per-request.ts";
import { until } from "../support/until.ts";
import { get, SSEReader } from "../support/sse-client.ts";

beforeEach(() => void vi.stubGlobal("EventSource", EventSource));
afterEach(() => {
  closeDoors();
  vi.unstubAllGlobals();
});

const failing = () =>
  slowModel({
    answer: () => {
      throw new Error("secret of the provider");
    },
    msPerWord: 0,
  });

describe("streamText in a stored stream", () => {
  /** Only what is said, as the quick start has it. */
  const said = (model: ReturnType<typeof slowModel>) =>
    async function* (abortSignal: AbortSignal) {
      const { stream } = streamText({ model, prompt: "Hello?", abortSignal, maxRetries: 0, onError: () => {} });
      for await (const part of stream) {
        if (part.type === "error") throw part.error;
        if (part.type === "text-delta") yield part.text;
      }
    };

  async function textOf(hub: SSEHub<ChunkEvent<string>>) {
    const { events } = await new SSEReader(await hub.fetch(get("/chat/g/sse"))).readToEnd();
    return {
      text: events
        .slice(0, -1)
        .map(({ data }) => data)
        .join(""),
      end: events.at(-1)?.data,
    };
  }

  it("is read as text", async () => {
    const hub = new SSEHub<ChunkEvent<string>>("/chat/:id/sse");
    const generations = new Generations<string>(hub, { join: (a, b) => a + b });
    const model = slowModel({ answer: (asked) => `You asked: ${asked} Well …`, msPerWord: 1 });
    expect(await generations.start("g", said(model)).done).toEqual({ reason: "completed" });
    expect(await textOf(hub)).toMatchObject({ text: "You asked: Hello? Well …", end: { reason: "completed" } });
  });

  it("really stops the model", async () => {
    const hub = new SSEHub<ChunkEvent<string>>("/chat/:id/sse");
    const onAbort = vi.fn();
    const model = slowModel({ answer: () => "word ".repeat(10_000), msPerWord: 1, onAbort });
    const onError = vi.fn();
    const generation = new Generations<string>(hub, { onError }).start("g", said(model));
    const reader = new SSEReader(await hub.fetch(get("/chat/g/sse")));
    await reader.readCount(3);
    expect(await generation.stop()).toEqual({ reason: "stopped" });
    await until(() => onAbort.mock.calls.length === 1);
    expect(onAbort.mock.calls[0]?.[0]).toBeLessThan(9_000);
    expect((await textOf(hub)).end).toMatchObject({ reason: "stopped" });
    expect(onError).not.toHaveBeenCalled();
  });

  it("ends when the model fails, without its words", async () => {
    const hub = new SSEHub<ChunkEvent<string>>("/chat/:id/sse");
    const onError = vi.fn();
    const generation = new Generations<string>(hub, { onError }).start("g", said(failing()));
    expect((await generation.done).reason).toBe("failed");
    expect(await textOf(hub)).toEqual({
      text: "",
      end: { key: "ssetarget:end", reason: "failed", message: "The server could not continue." },
    });
    expect(String(onError.mock.calls[0]?.[0])).toContain("secret of the provider");
  });
});

/** A server for `useChat`, as docs/generations.md has it. */
async function chatServer(model: ReturnType<typeof slowModel>) {
  const hub = new SSEHub<ChunkEvent<UIMessageChunk>>("/answers/:id/sse", { retryMs: 20 });
  const generations = new Generations<UIMessageChunk>(hub);
  const answers = new Map<string, Generation<UIMessageChunk>>();
  const serveStream = toNodeHandler(hub);

  async function start(request: IncomingMessage) {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
    const { id, messages } = JSON.parse(body) as { id: string; messages: UIMessage[] };
    const prompt = await convertToModelMessages(messages);
    const answer = generations.start(crypto.randomUUID(), (abortSignal) => {
      const { stream } = streamText({ model, messages: prompt, abortSignal, maxRetries: 0, onError: () => {} });
      return toUIMessageStream({ stream, originalMessages: messages, generateMessageId: () => "answer-1" });
    });
    answers.set(id, answer);
    return answer;
  }

  const server = createServer(async (request, response) => {
    const [, place, id = "", action] = (request.url ?? "").split("/");
    if (place === "answers") return serveStream(request, response);
    const answer = request.method === "POST" && id === "" ? await start(request) : answers.get(id);
    if (action === "stop") await answer?.stop();
    if (answer === undefined || (action === "answer" && generations.get(answer.id) === undefined))
      return response.writeHead(204).end();
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ path: hub.pathOf(answer.id) }));
  });
  return { url: `http://127.0.0.1:${await listen(server)}/chat`, server, generations };
}

class Chat extends AbstractChat<UIMessage> {
  constructor(url: string, messages: UIMessage[] = []) {
    super({
      id: "chat-1",
      transport: new StoredChatTransport(url),
      state: {
        status: "ready",
        error: undefined,
        messages,
        pushMessage: (message) => void messages.push(message),
        popMessage: () => void messages.pop(),
        replaceMessage: (index, message) => void (messages[index] = structuredClone(message)),
        snapshot: (thing) => structuredClone(thing),
      },
    });
  }

  get text(): string {
    const parts = this.messages.at(-1)?.role === "assistant" ? (this.messages.at(-1)?.parts ?? []) : [];
    return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
  }
}

describe("the transport", () => {
  const frame = (id: number, text: string) =>
    `id: ${id}.a\nevent: chunk\ndata: {"type":"text-delta","id":"0","delta":"${text}"}\n\n`;
  const gap = (reason: string) => `event: ssetarget:gap\ndata: {"reason":"${reason}","after":2,"resumesAt":1}\n\n`;
  const end = 'id: 9.a\nevent: ssetarget:end\ndata: {"reason":"completed"}\n\n';

  /** What is read from a server that breaks off after "ab", and answers the one that comes again with this. */
  async function readOver(second: string): Promise<string> {
    const server = createServer((request, response) => {
      if (request.url?.endsWith("/answer") === true) return response.end('{"path":"/stream"}');
      response.writeHead(200, { "content-type": "text/event-stream" });
      const isAgain = request.headers["last-event-id"] !== undefined;
      return response.end(isAgain ? second : `retry: 5\n\n${frame(1, "a")}${frame(2, "b")}`);
    });
    const transport = new StoredChatTransport(`http://127.0.0.1:${await listen(server)}/chat`);
    const chunks = await transport.reconnectToStream({ chatId: "1" });
    let text = "";
    for await (const chunk of chunks ?? []) if (chunk.type === "text-delta") text += chunk.delta;
    return text;
  }

  it("hands nothing over twice where the history begins anew", async () => {
    expect(await readOver(`${gap("reset")}${frame(1, "a")}${frame(2, "b")}${frame(3, "c")}${end}`)).toBe("abc");
    expect(await readOver(`${frame(3, "c")}${end}`)).toBe("abc");
  });

  it.each([
    ["reset", `${frame(1, "a")}${frame(2, "x")}${end}`],
    ["reset", `${frame(1, "a")}${end}`],
    ["trimmed", `${frame(3, "c")}${end}`],
  ])("fails where something is missing (%s %#), rather than hiding it", async (reason, rest) => {
    await expect(readOver(`${gap(reason)}${rest}`)).rejects.toThrow("Part of the answer has been lost.");
  });
});

describe("useChat, whose chat this is, over stored streams", () => {
  const words = Array.from({ length: 60 }, (_, n) => ` word${n}`).join("");

  it("gets an answer", async () => {
    const { url } = await chatServer(slowModel({ answer: (asked) => `${asked}!`, msPerWord: 1 }));
    const chat = new Chat(url);
    await chat.sendMessage({ text: "Hello there" });
    expect([chat.status, chat.text]).toEqual(["ready", "Hello there!"]);
  });

  it("goes on when its connection is cut, without a word missing or twice", async () => {
    const { url, server } = await chatServer(slowModel({ answer: () => words, msPerWord: 5 }));
    const chat = new Chat(url);
    const sending = chat.sendMessage({ text: "Many words, please" });
    await until(() => chat.text.includes("word5 "));
    server.closeAllConnections();
    await sending;
    expect([chat.status, chat.text]).toEqual(["ready", words]);
  });

  it("resumes after a reload, in a second tab too, and there is nothing to resume afterwards", async () => {
    const { url } = await chatServer(slowModel({ answer: () => words, msPerWord: 5 }));
    const first = new Chat(url);
    const sending = first.sendMessage({ text: "Many words, please" });
    await until(() => first.text.includes("word5 "));
    const [asked] = first.messages;
    const reloaded = new Chat(url, asked === undefined ? [] : [asked]);
    await reloaded.resumeStream();
    await sending;
    expect([reloaded.text, first.text]).toEqual([words, words]);
    const later = new Chat(url);
    await later.resumeStream();
    expect([later.status, later.messages]).toEqual(["ready", []]);
  });

  it("is stopped from another tab", async () => {
    const onAbort = vi.fn();
    const { url, generations } = await chatServer(
      slowModel({ answer: () => "word ".repeat(10_000), msPerWord: 2, onAbort }),
    );
    const chat = new Chat(url);
    const sending = chat.sendMessage({ text: "Do not stop" });
    await until(() => chat.text.length > 20);
    await fetch(`${url}/chat-1/stop`, { method: "POST" });
    await sending;
    expect(chat.status).toBe("ready");
    await until(() => onAbort.mock.calls.length === 1);
    expect(generations.size).toBe(0);
  });

  it("is told of a failure in the SDK's own words", async () => {
    const { url } = await chatServer(failing());
    const chat = new Chat(url);
    await chat.sendMessage({ text: "Fail" });
    expect([chat.status, chat.error?.message]).toEqual(["error", "An error occurred."]);
  });
});
