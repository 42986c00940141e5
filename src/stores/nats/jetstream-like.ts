/** What is used of a message that JetStream keeps. */
export interface JetStreamMessage {
  readonly seq: number;
  readonly subject: string;
  string(): string;
}

/** What is used of a message that a consumer was sent. */
export interface ConsumedMessage extends JetStreamMessage {
  readonly info: {
    /** How many messages still wait for this consumer. */
    readonly pending: number;
    /** Counts what this consumer was sent, from 1 on. */
    readonly deliverySequence: number;
  };
}

export interface ConsumerSettings {
  readonly name: string;
  readonly filter_subject: string;
  readonly deliver_policy: "by_start_sequence";
  readonly opt_start_seq: number;
  readonly ack_policy: "none";
  readonly max_deliver: number;
  readonly mem_storage: boolean;
  readonly num_replicas: number;
  readonly inactive_threshold: number;
}

/** What is used of what a consumer hears. */
export interface ConsumingLike {
  /** A heartbeat says how many messages the consumer has been sent. */
  status(): AsyncIterable<{ readonly type: string; readonly lastConsumerSequence?: number }>;
  close(): Promise<unknown>;
}

/** What is used of a pull consumer. */
export interface ConsumerLike {
  consume(options: {
    readonly callback: (message: ConsumedMessage) => void;
    readonly expires: number;
    readonly idle_heartbeat: number;
  }): Promise<ConsumingLike>;
  fetch(options: {
    readonly max_messages: number;
    readonly expires: number;
  }): Promise<AsyncIterable<ConsumedMessage> & { close(): Promise<unknown> }>;
  delete(): Promise<unknown>;
}

/** What is used of a stream's configuration. */
export interface StreamSettings {
  readonly name: string;
  readonly subjects: string[];
  readonly max_age: number;
  readonly max_bytes: number;
  readonly num_replicas: number;
  readonly allow_direct: boolean;
}

export interface StreamInfo {
  readonly created: string;
  readonly config: { readonly subjects?: string[]; readonly allow_direct?: boolean };
}

/** What is used of a JetStream manager. */
export interface ManagerLike {
  readonly streams: {
    info(name: string): Promise<StreamInfo>;
    add(settings: StreamSettings): Promise<StreamInfo>;
    purge(name: string, options: { readonly filter: string; readonly seq: number }): Promise<unknown>;
    deleteMessage(name: string, seq: number, erase?: boolean): Promise<boolean>;
  };
  readonly consumers: {
    add(stream: string, settings: ConsumerSettings): Promise<unknown>;
    delete(stream: string, name: string): Promise<boolean>;
  };
  readonly direct: {
    getMessage(
      name: string,
      query: { readonly last_by_subj: string } | { readonly next_by_subj: string; readonly seq: number },
    ): Promise<JetStreamMessage | null>;
  };
}

/** What is used of a JetStream client: `jetstream(connection)` of `@nats-io/jetstream` 3. */
export interface JetStreamLike {
  publish(
    subject: string,
    payload: string,
    options: {
      readonly msgID?: string;
      readonly timeout?: number;
      readonly expect?: { readonly lastSubjectSequence: number };
    },
  ): Promise<{ readonly seq: number }>;
  jetstreamManager(): Promise<ManagerLike>;
  readonly consumers: { get(stream: string, name: string): Promise<ConsumerLike> };
}
