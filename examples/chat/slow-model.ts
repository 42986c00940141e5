import { setTimeout as delay } from "node:timers/promises";
import { MockLanguageModelV4 } from "ai/test";

type Stream = Awaited<ReturnType<MockLanguageModelV4["doStream"]>>["stream"];
type Part = Stream extends ReadableStream<infer P> ? P : never;
type Prompt = Parameters<MockLanguageModelV4["doStream"]>[0]["prompt"];

/** Options of the model. */
export interface SlowModelOptions {
  /** Returns the answer to the last question. */
  readonly answer: (asked: string) => string;
  /** Time per word, in milliseconds. */
  readonly msPerWord: number;
  /** Called when the model is aborted, with the number of words it has written. */
  readonly onAbort?: (words: number) => void;
}

/** A language model for the AI SDK that needs no network, writes word by word, and can be aborted. */
export function slowModel({ answer, msPerWord, onAbort }: SlowModelOptions): MockLanguageModelV4 {
  return new MockLanguageModelV4({
    doStream: async ({ prompt, abortSignal }) => {
      const words = answer(lastText(prompt)).match(/\s*\S+/g) ?? [];
      const parts = partsOf(words);
      let said = 0;
      const stream: Stream = new ReadableStream<Part>({
        async pull(controller) {
          const part = parts.shift();
          if (part === undefined) return controller.close();
          try {
            if (part.type === "text-delta") await delay(msPerWord, undefined, { signal: abortSignal });
          } catch (error) {
            onAbort?.(said);
            return controller.error(error);
          }
          if (part.type === "text-delta") said++;
          controller.enqueue(part);
        },
      });
      return { stream };
    },
  });
}

function partsOf(words: readonly string[]): Part[] {
  const id = "text";
  const count = { total: words.length, noCache: undefined, cacheRead: undefined, cacheWrite: undefined };
  return [
    { type: "text-start", id },
    ...words.map((delta): Part => ({ type: "text-delta", id, delta })),
    { type: "text-end", id },
    {
      type: "finish",
      finishReason: { unified: "stop", raw: undefined },
      usage: { inputTokens: count, outputTokens: { total: words.length, text: words.length, reasoning: undefined } },
    },
  ];
}

function lastText(prompt: Prompt): string {
  const texts = prompt.flatMap((message) => (message.role === "user" ? [message.content] : []));
  return (texts.at(-1) ?? []).flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}
