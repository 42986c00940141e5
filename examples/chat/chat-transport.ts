import type { ChatTransport, UIMessage, UIMessageChunk } from "ai";

/** Lets `useChat` of the AI SDK read answers from stored streams: from the beginning when it sends or resumes, and on by itself when the network was lost. */
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
    /** What has been handed over, and how much of it has come again; it cannot be taken back. */
    const handed: string[] = [];
    let seenAgain = 0;
    return new ReadableStream({
      start(controller) {
        const fail = () => {
          source.close();
          controller.error(new Error("A part of the answer has been lost."));
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
          // The history follows from its beginning: nothing of it is to be handed over twice.
          if (reason === "reset") seenAgain = 0;
          else fail();
        });
        source.addEventListener("ssetarget:end", () => {
          if (seenAgain < handed.length) return fail();
          source.close();
          controller.close();
        });
        source.addEventListener("error", () => {
          if (source.readyState === EventSource.CLOSED)
            controller.error(new Error("The answer is not there any more."));
        });
      },
      cancel: () => source.close(),
    });
  }
}

/** Where an answer is. */
interface Answer {
  readonly path: string;
}
