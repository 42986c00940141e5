import { MemoryEventStore } from "ssetarget";
import { describeConformance } from "../stores/support/conformance.ts";

describeConformance(
  "MemoryEventStore",
  ["history", "keys", "batches", "dense-ids", "retention", "trim", "delete", "streams"],
  ({ maxEvents } = {}) => new MemoryEventStore({ maxEvents }),
);
