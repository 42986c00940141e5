export {
  ConformanceError,
  type KitEvent,
  type MakeStore,
  type MakeStoreOptions,
  type StoreCapability,
  type StoreCase,
} from "./testing/conformance-case.ts";
export { storeCases } from "./testing/store-cases.ts";
