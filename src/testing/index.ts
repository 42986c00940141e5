export {
  ConformanceError,
  type KitEvent,
  type MakeStore,
  type MakeStoreOptions,
  type StoreCapability,
  type StoreCase,
} from "./conformance-case.ts";
export { storeCases } from "./store-cases.ts";
