import { WorkflowEvents, type WorkflowEventsOptions } from "ssetarget/workflows/cloudflare";
import type { Env } from "./env.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Keeps the events of one purchase and serves them; forgets them a week after the purchase is over. */
export class PurchaseEvents extends WorkflowEvents<Env> {
  protected override readonly options: WorkflowEventsOptions = {
    retentionMs: 7 * DAY_MS,
    abandonedAfterMs: 30 * DAY_MS,
  };
}
