/** What the store needs of a client, whichever it is. Redis' refusals reject with an error whose message is Redis' own. */
export interface RedisConnection {
  /** What stands before keys in Redis without our knowing, and before channels so that they differ where keys do. */
  readonly channelPrefix: string;
  /** Sends one command to the server that holds this key. */
  command(key: string, args: readonly string[]): Promise<unknown>;
  /** A further connection, for subscribing. It is not opened yet, and not opened again by itself when it is lost. */
  newLink(listener: LinkListener): SubscriberLink;
}

/** Hears of a link. */
export interface LinkListener {
  onMessage(channel: string, message: string): void;
  /** The connection is lost for good, or was closed. May be called more than once. */
  onDown(error?: unknown): void;
}

/** One connection that subscribes. */
export interface SubscriberLink {
  /** Once. */
  open(): Promise<void>;
  subscribe(channels: readonly string[]): Promise<unknown>;
  unsubscribe(channels: readonly string[]): Promise<unknown>;
  ping(): Promise<unknown>;
  /** Idempotent, at once, also while it is being opened; never throws. */
  close(): void;
}
