import type { PurchaseEvents } from "./purchase-events.ts";
import type { PurchaseParams } from "./purchase-workflow.ts";

/** The bindings of wrangler.jsonc. */
export interface Env {
  readonly PURCHASE: Workflow<PurchaseParams>;
  readonly PURCHASE_EVENTS: DurableObjectNamespace<PurchaseEvents>;
  readonly ASSETS: Fetcher;
  /** Host names of this Worker. */
  readonly HOSTS: readonly string[];
}
