export type { NatsEventStore } from "./stores/nats/nats-event-store.ts";
export { NatsEventStores } from "./stores/nats/nats-event-stores.ts";
export type { NatsEventStoresOptions } from "./stores/nats/nats-stream.ts";
