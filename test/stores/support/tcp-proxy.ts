import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Stands between a client and a server on 127.0.0.1, and fails as networks do. */
export class TcpProxy {
  /** What comes is handed on this much later, in milliseconds. */
  delayMs = 0;
  /** New connections are torn down at once. */
  isRefusing = false;
  /** What the client sends is held back. With `holdsReplies` it is a black hole: connections stay open and nothing goes through. */
  holdsRequests = false;
  /** What the server sends is held back; requests reach it all the same. */
  holdsReplies = false;
  #targetPort: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((client) => {
      if (this.isRefusing) {
        client.destroy();
        return;
      }
      const pair = new Pair(this, client, connect(this.#targetPort, "127.0.0.1"));
      this.#pairs.add(pair);
      client.once("close", () => this.#pairs.delete(pair));
    });
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", () => resolve()));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connectionCount(): number {
    return this.#pairs.size;
  }

  /** How many bytes clients have sent since the start. */
  requestBytes = 0;

  /** New connections go to this port, as behind an address that was moved to another server. */
  redirect(targetPort: number): void {
    this.#targetPort = targetPort;
  }

  /** Nothing goes through any more, and nobody is told. */
  blackHole(): void {
    this.holdsRequests = true;
    this.holdsReplies = true;
  }

  /** What was held back is handed on, and everything else as before. */
  resume(): void {
    this.holdsRequests = false;
    this.holdsReplies = false;
    for (const pair of this.#pairs) pair.release();
  }

  /** Tears down every connection; what was held back is lost. */
  cut(): void {
    for (const pair of this.#pairs) pair.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** One connection through the proxy. */
class Pair {
  readonly #proxy: TcpProxy;
  readonly #client: Socket;
  readonly #server: Socket;
  #heldRequests: Buffer[] = [];
  #heldReplies: Buffer[] = [];

  constructor(proxy: TcpProxy, client: Socket, server: Socket) {
    this.#proxy = proxy;
    this.#client = client;
    this.#server = server;
    client.setNoDelay(true);
    server.setNoDelay(true);
    client.on("data", (piece: Buffer) => {
      proxy.requestBytes += piece.length;
      this.#later(() => (proxy.holdsRequests ? this.#heldRequests.push(piece) : server.write(piece)));
    });
    server.on("data", (piece: Buffer) => {
      this.#later(() => (proxy.holdsReplies ? this.#heldReplies.push(piece) : client.write(piece)));
    });
    for (const [end, other] of [
      [client, server],
      [server, client],
    ] as const) {
      end.on("error", () => {});
      end.on("close", () => other.destroy());
    }
  }

  release(): void {
    for (const piece of this.#heldRequests.splice(0)) this.#server.write(piece);
    for (const piece of this.#heldReplies.splice(0)) this.#client.write(piece);
  }

  destroy(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  #later(handOn: () => void): void {
    // Timers of one length fire in the order in which they were set, so pieces keep theirs.
    if (this.#proxy.delayMs > 0) setTimeout(handOn, this.#proxy.delayMs);
    else handOn();
  }
}
