import { NullEventStore } from "ssetarget";
import { describeConformance } from "../stores/support/conformance.ts";

describeConformance("NullEventStore", ["dense-ids", "streams"], () => new NullEventStore());
