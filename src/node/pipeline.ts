import { ServerResponse, type IncomingMessage } from "node:http";
import { Socket } from "node:net";

/** Requests that wait behind other responses of their sockets, in this process. One costs about 2 KB. */
const MAX_HELD_REQUESTS = 10_000;

/** With so many that wait on one socket, no more is read from it. A socket that is not read is not seen to close. */
const MAX_WAITING = 100;

/** Marks sockets whose last response has begun. A set of them would cost each connection twenty times as much. */
const LAST_BEGUN = Symbol("last response has begun");
type Marked = Socket & { [LAST_BEGUN]?: true };
const pipelines = new WeakMap<Socket, Pipeline>();
let heldRequests = 0;

/**
 * Waits until a request may be admitted: over HTTP/1.1, when all earlier responses of its socket are over. Resolves with
 * `false` if that never happens, because the socket has closed or one of those responses is a stream; `undefined` if there
 * is nothing to wait for.
 *
 * So one socket has at most one request in `authorize`, and at most one stream.
 */
export function turnOf(request: IncomingMessage, response: ServerResponse): Promise<boolean> | undefined {
  const socket = socketBehind(request, response);
  if (socket === undefined) return undefined;
  let pipeline = pipelines.get(socket);
  if (pipeline === undefined) pipelines.set(socket, (pipeline = new Pipeline(socket)));
  return pipeline.wait(response);
}

/** Drops a request whose response can never be sent, because an earlier one of its socket is a stream. */
export function isDropped(request: IncomingMessage, response: ServerResponse): boolean {
  const socket = socketBehind(request, response);
  if (socket === undefined || !hasLastBegun(socket)) return false;
  void turnOf(request, response);
  return true;
}

/** What a socket that carries a stream is sent after it is never answered; the head says so with `Connection: close`. */
export function beginLast({ socket }: IncomingMessage): void {
  if (!(socket instanceof Socket)) return;
  (socket as Marked)[LAST_BEGUN] = true;
  pipelines.get(socket)?.onLastBegun();
}

function hasLastBegun(socket: Socket): boolean {
  return (socket as Marked)[LAST_BEGUN] === true;
}

/** The socket of a response that waits for an earlier one of the same connection (pipelining). */
function socketBehind(request: IncomingMessage, response: ServerResponse): Socket | undefined {
  if (!(response instanceof ServerResponse) || response.socket !== null || response.destroyed) return undefined;
  return request.socket instanceof Socket && !request.socket.destroyed ? request.socket : undefined;
}

/** The requests of one socket that wait. */
class Pipeline {
  readonly #socket: Socket;
  /** Resolves, with `false`, when the socket has closed. */
  readonly #closed: Promise<false>;
  readonly #waiting = new Set<(hasTurn: false) => void>();
  #held = 0;
  #isDeaf = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => {
      socket.once("close", () => {
        heldRequests -= this.#held;
        resolve(false);
        for (const give of this.#waiting) give(false);
      });
    });
  }

  wait(response: ServerResponse): Promise<boolean> {
    this.#held++;
    heldRequests++;
    if (heldRequests > MAX_HELD_REQUESTS) {
      this.#socket.destroy();
      return this.#closed;
    }
    if (hasLastBegun(this.#socket)) {
      this.onLastBegun();
      return this.#closed;
    }
    if (this.#waiting.size === MAX_WAITING) this.#pauseReading();
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      response.once("socket", () => {
        this.#waiting.delete(resolve);
        this.#held--;
        heldRequests--;
        if (this.#waiting.size === 0) this.#socket.resume();
        resolve(true);
      });
    });
  }

  /** What has been read is parsed to its end; the rest waits in the network until the requests here have had their turn. */
  #pauseReading(): void {
    // Not at once: the parser reads on at the end of each message.
    queueMicrotask(() => {
      if (this.#waiting.size > 0 && !this.#isDeaf) this.#socket.pause();
    });
  }

  /** From now on reads what comes and lets it go, so that the end is noticed and nothing more is parsed and kept. */
  onLastBegun(): void {
    if (this.#isDeaf || this.#held === 0) return;
    this.#isDeaf = true;
    const stopListening = () => {
      // The first listener makes `http` read the socket by its events; only then can its own be taken away.
      this.#socket.on("data", ignore);
      this.#socket.removeAllListeners("data");
      this.#socket.on("data", ignore);
    };
    if (this.#socket.isPaused()) {
      // `http` has its own way of reading on, which is gone with its listeners.
      this.#socket.once("resume", stopListening);
      this.#socket.resume();
    } else {
      // Not while the parser is in the midst of what it has been given.
      queueMicrotask(stopListening);
    }
  }
}

function ignore(): void {}
