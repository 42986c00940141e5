export type { SqliteDatabase } from "./stores/sqlite/sqlite-database.ts";
export type { SqliteEventStore } from "./stores/sqlite/sqlite-event-store.ts";
export { SqliteEventStores, type SqliteEventStoresOptions } from "./stores/sqlite/sqlite-event-stores.ts";
