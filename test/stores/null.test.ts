import { NullEventStore } from "ssetarget";
import { describeConformance } from "./support/conformance.ts";

describeConformance("NullEventStore", ["dense-ids", "streams"], () => new NullEventStore());
