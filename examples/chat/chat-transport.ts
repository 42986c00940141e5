import type { ChatTransport, UIMessage, UIMessageChunk } from "ai";

/**
 * Lets `useChat` of the AI SDK read answers from stored streams: from the beginning when it sends or resumes. It reconnects
 * by itself.
 */
export class StoredChatTransport implements ChatTransport<UIMessage> {
  readonly resumeStreamIsReplay = true;
  readonly #baseUrl: string;

  constructor(baseUrl = "/chat") {
    this.#baseUrl = baseUrl;
  }

  async sendMessages({ chatId, messages }: Parameters<ChatTransport<UIMessage>["sendMessages"]>[0]) {
    const body = JSON.stringify({ id: chatId, messages });
    const response = await fetch(this.#baseUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    return this.#chunks((await response.json()) as Answer);
  }

  async reconnectToStream({ chatId }: Parameters<ChatTransport<UIMessage>["reconnectToStream"]>[0]) {
    const response = await fetch(`${this.#baseUrl}/${encodeURIComponent(chatId)}/answer`);
    return response.status === 200 ? this.#chunks((await response.json()) as Answer) : null;
  }

  #chunks({ path }: Answer): ReadableStream<UIMessageChunk> {
    const source = new EventSource(new URL(path, new URL(this.#baseUrl, globalThis.location?.href)));
    /** Delivered chunks, and how many of them have arrived again after a reset; chunks cannot be taken back. */
    const handed: string[] = [];
    let seenAgain = 0;
    return new ReadableStream({
      start(controller) {
        const fail = () => {
          source.close();
          controller.error(new Error("Part of the answer has been lost."));
        };
        source.addEventListener("chunk", (event) => {
          const data = event.data as string;
          if (seenAgain === handed.length) {
            seenAgain = handed.push(data);
            controller.enqueue(JSON.parse(data) as UIMessageChunk);
          } else if (handed[seenAgain++] !== data) fail();
        });
        source.addEventListener("ssetarget:gap", ({ data }) => {
          const { reason } = JSON.parse(data as string) as { reason: string };
          // The history follows from its beginning: deliver nothing twice.
          if (reason === "reset") seenAgain = 0;
          else fail();
        });
        source.addEventListener("ssetarget:end", () => {
          if (seenAgain < handed.length) return fail();
          source.close();
          controller.close();
        });
        source.addEventListener("error", () => {
          if (source.readyState === EventSource.CLOSED) controller.error(new Error("The answer no longer exists."));
        });
      },
      cancel: () => source.close(),
    });
  }
}

/** The location of an answer. */
interface Answer {
  readonly path: string;
}
