import type { ForgetfulEvents, LabEvents } from "./events.ts";
import type { Kit } from "./kit.ts";
import type { LabParams } from "./lab-workflow.ts";
import type { Switches } from "./switches.ts";

export interface Env {
  readonly LAB: Workflow<LabParams>;
  readonly LAB_EVENTS: DurableObjectNamespace<LabEvents>;
  readonly FORGETFUL_EVENTS: DurableObjectNamespace<ForgetfulEvents>;
  readonly KIT: DurableObjectNamespace<Kit>;
  readonly SWITCHES: DurableObjectNamespace<Switches>;
}
