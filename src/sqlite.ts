export type { SqliteDatabase } from "./stores/sqlite/sqlite-database.ts";
export type { SqliteEventStore } from "./stores/sqlite/sqlite-event-store.ts";
export { SqliteEventStores } from "./stores/sqlite/sqlite-event-stores.ts";
export type { SqliteEventStoresOptions } from "./stores/sqlite/sqlite-options.ts";
