import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { dataText, type BenchEvent } from "./bench-event.ts";

/** Publishes over one connection, without waiting for the answers: nginx serves them in order. */
export class NchanPublisher {
  readonly #socket: Socket;
  #unanswered = 0;
  #tail = "";

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#count(text));
  }

  publish(stream: number, events: readonly BenchEvent[]): void {
    let requests = "";
    for (const event of events) {
      const data = dataText(event);
      requests +=
        `POST /pub/${stream} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-EventSource-Event: bench\r\n` +
        `Content-Length: ${data.length}\r\n\r\n${data}`;
    }
    this.#unanswered += events.length;
    this.#socket.write(requests);
  }

  async idle(): Promise<void> {
    while (this.#unanswered > 0) await sleep(10);
  }

  #count(text: string): void {
    const seen = this.#tail + text;
    let end = 0;
    for (const answer of seen.matchAll(/HTTP\/1\.1 (\d)\d\d/g)) {
      if (answer[1] !== "2") throw new Error(`nginx refused an event: ${seen.slice(answer.index, answer.index + 200)}`);
      this.#unanswered--;
      end = answer.index + answer[0].length;
    }
    // An answer may begin in one piece and go on in the next.
    this.#tail = seen.slice(Math.max(end, seen.length - "HTTP/1.1 20".length));
  }
}
