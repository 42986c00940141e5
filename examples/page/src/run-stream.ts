import { explainRefusal, streamPath, type Refusal } from "./api.ts";

/** Where a page stands with its server. */
export type ConnectionState =
  | { readonly type: "connecting" }
  | { readonly type: "live" }
  /** The browser tries again by itself. */
  | { readonly type: "reconnecting"; readonly lastContact: number | undefined }
  /** The run is over and everything about it has arrived. */
  | { readonly type: "ended" }
  /** The browser has given up; only `connect()` tries again. */
  | { readonly type: "lost"; readonly refusal: Refusal; readonly lastContact: number | undefined };

/** An event of a stream: its type, its id and the members of its data. */
export interface RunEvent {
  readonly type: string;
  readonly id: number | undefined;
  readonly [member: string]: unknown;
}

export interface RunStreamListeners {
  readonly onEvent: (event: RunEvent, isLive: boolean) => void;
  readonly onState: (state: ConnectionState) => void;
}

const eventTypes = ["started", "updated", "log", "ended", "ssetarget:gap"] as const;
const endType = "ssetarget:end";
/** What arrives sooner than this after the connection opened may be history, and says nothing about the server's clock. */
const replayMs = 1_500;

/** One run's events, over the browser's own EventSource, which resumes by itself after a cut. */
export class RunStream {
  readonly #id: string;
  readonly #listeners: RunStreamListeners;
  #source: EventSource | undefined;
  #state: ConnectionState = { type: "connecting" };
  #lastEventId = "";
  #openedAt = 0;
  #lastContact: number | undefined;

  constructor(id: string, listeners: RunStreamListeners) {
    this.#id = id;
    this.#listeners = listeners;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Connects, or connects again, from where the events so far end. */
  connect(): void {
    this.close();
    this.#setState({ type: "connecting" });
    // A new EventSource knows nothing of the old one's cursor, and cannot set the header.
    const query = this.#lastEventId === "" ? "" : `?lastEventId=${encodeURIComponent(this.#lastEventId)}`;
    const source = new EventSource(streamPath(this.#id) + query);
    this.#source = source;
    source.addEventListener("open", () => {
      this.#openedAt = this.#lastContact = Date.now();
      this.#setState({ type: "live" });
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) void this.#explain(source);
      else if (this.#state.type !== "reconnecting") {
        this.#setState({ type: "reconnecting", lastContact: this.#lastContact });
      }
    });
    for (const type of eventTypes) source.addEventListener(type, (message) => this.#receive(type, message));
    source.addEventListener(endType, (message) => {
      this.#receive(endType, message);
      // The server closes now; without this, the browser would come back to ask for more.
      this.close();
      this.#setState({ type: "ended" });
    });
  }

  /** Stops listening. Calling it again does nothing. */
  close(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  #receive(type: string, message: MessageEvent<string>): void {
    this.#lastContact = Date.now();
    this.#lastEventId = message.lastEventId;
    const id = Number.parseInt(message.lastEventId.split(".", 1)[0] ?? "", 10);
    const data = parseObject(message.data);
    // One event that cannot be read must not take the others with it.
    if (data === undefined)
      console.warn(`Left out an event "${type}" (${message.lastEventId}): its data is no object.`);
    else {
      const isLive = this.#lastContact - this.#openedAt > replayMs;
      this.#listeners.onEvent({ ...data, type, id: Number.isNaN(id) ? undefined : id }, isLive);
    }
  }

  async #explain(source: EventSource): Promise<void> {
    const refusal = await explainRefusal(this.#id);
    // Another connection may have been opened, or the page left, meanwhile.
    if (source !== this.#source) return;
    this.#source = undefined;
    this.#setState(refusal === "over" ? { type: "ended" } : { type: "lost", refusal, lastContact: this.#lastContact });
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#listeners.onState(state);
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
