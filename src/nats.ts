export type { JetStreamLike } from "./stores/nats/jetstream-like.ts";
export type { NatsEventStore } from "./stores/nats/nats-event-store.ts";
export { NatsEventStores, type NatsEventStoresOptions } from "./stores/nats/nats-event-stores.ts";
