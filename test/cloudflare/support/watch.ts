import { createParser } from "eventsource-parser";

/** An event as a client has it: the data's members, with the type and both forms of the id. */
export interface WireEvent {
  readonly type: string;
  readonly id: number;
  /** The text of the `id:` line. */
  readonly cursor: string;
  readonly name?: string;
  readonly kind?: string;
  readonly spanId?: string;
  readonly attempt?: number;
  readonly status?: { readonly code: string; readonly message?: string };
  readonly [member: string]: unknown;
}

/** An event of that type, about a span of that name. */
export function about(type: string, name: string, kind?: string): (event: WireEvent) => boolean {
  return (event) => event.type === type && event.name === name && (kind === undefined || event.kind === kind);
}

const PATIENCE_MS = 40_000;

/** Someone who reads a stream, and remembers all of it. */
export class Watch {
  readonly events: WireEvent[] = [];
  readonly status: number;
  /** Resolves when the server has closed the stream. */
  readonly closed: Promise<void>;
  readonly #abort: AbortController;
  readonly #waiting = new Set<() => void>();

  private constructor(response: Response, abort: AbortController) {
    this.status = response.status;
    this.#abort = abort;
    this.closed = this.#read(response);
  }

  static async open(url: string, lastEventId?: string): Promise<Watch> {
    const abort = new AbortController();
    const headers = lastEventId === undefined ? undefined : { "last-event-id": lastEventId };
    return new Watch(await fetch(url, { headers, signal: abort.signal }), abort);
  }

  /** All events of a stream that has ended, or will. */
  static async all(url: string, lastEventId?: string): Promise<readonly WireEvent[]> {
    const watch = await Watch.open(url, lastEventId);
    await within(watch.closed, () => `${url} to end; so far ${watch}`);
    return watch.events;
  }

  /** The first event that is like that, of those seen and those to come. */
  async until(isWanted: (event: WireEvent) => boolean): Promise<WireEvent> {
    let found: WireEvent | undefined;
    const seen = new Promise<void>((resolve) => {
      const look = (): void => {
        found = this.events.find(isWanted);
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
    await within(seen, () => `an event; so far ${this}`);
    return found as WireEvent;
  }

  close(): void {
    this.#abort.abort();
  }

  toString(): string {
    return this.events.map(({ id, type, kind, name }) => `${id} ${type} ${kind ?? ""} ${name ?? ""}`).join("\n");
  }

  async #read(response: Response): Promise<void> {
    const parser = createParser({
      onEvent: ({ event: type = "message", id = "", data }) => {
        const members = JSON.parse(data) as Record<string, unknown>;
        this.events.push({ ...members, type, cursor: id, id: Number.parseInt(id, 10) });
      },
    });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        parser.feed(decoder.decode(chunk, { stream: true }));
        for (const look of this.#waiting) look();
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
  }
}

/** The promise, or a failure that says what was waited for. */
export async function within<T>(promise: Promise<T>, what: () => string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${PATIENCE_MS} ms for ${what()}`)), PATIENCE_MS);
  });
  return Promise.race([promise, patience]).finally(() => clearTimeout(timer));
}
