import type { KitEvent } from "ssetarget/testing";
import { TwoMethodStore } from "../support/stores.ts";
import { describeConformance } from "../stores/support/conformance.ts";

describeConformance(
  "a store of two methods",
  ["history", "keys", "dense-ids", "streams"],
  () => new TwoMethodStore<KitEvent>(),
);
