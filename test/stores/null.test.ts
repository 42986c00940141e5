import { NullEventStore } from "ssetarget";
import { describeConformance } from "./support/conformance.ts";

describeConformance("NullEventStore", ["follow", "bounds", "dense-ids", "streams"], () => new NullEventStore());
