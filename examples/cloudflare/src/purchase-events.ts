import { WorkflowEvents, type WorkflowEventsOptions } from "ssetarget/workflows/cloudflare";
import type { Env } from "./env.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Stores and serves the events of one purchase, and deletes them a week after its end. */
export class PurchaseEvents extends WorkflowEvents<Env> {
  protected override readonly options: WorkflowEventsOptions = {
    ttlMs: 7 * DAY_MS,
    abandonedAfterMs: 30 * DAY_MS,
  };
}
