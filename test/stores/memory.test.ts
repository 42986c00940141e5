import { MemoryEventStore } from "ssetarget";
import { describeConformance } from "./support/conformance.ts";

describeConformance(
  "MemoryEventStore",
  ["append", "page", "follow", "bounds", "trim", "keys", "history", "dense-ids", "retention", "streams"],
  ({ maxEvents } = {}) => new MemoryEventStore({ maxEvents }),
);
