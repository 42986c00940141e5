import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { batchedDispatchEvent, WorkflowEventStep } from "ssetarget/workflows/cloudflare";
import type { Env } from "./env.ts";

/** A type, not an interface: the engine requires an implicit index signature. */
export type PurchaseParams = {
  /** Speed factor; 1 takes about 18 seconds, plus the time until you approve. */
  readonly speed: number;
};

/** Type of the event that the purchase waits for. */
export const APPROVAL_EVENT = "approval";

const ITEMS = ["a lamp", "two chairs", "a rug", "six glasses", "a vase", "a clock", "a mirror", "a plant"];

/** A purchase in a shop: the work is simulated, the engine and the events are real. */
export class PurchaseWorkflow extends WorkflowEntrypoint<Env, PurchaseParams> {
  override async run(event: WorkflowEvent<PurchaseParams>, engineStep: WorkflowStep): Promise<string> {
    const { speed } = event.payload;
    const work = (ms: number): Promise<void> => scheduler.wait(ms / speed);
    const dispatch = batchedDispatchEvent(this.ctx, this.env.PURCHASE_EVENTS);
    const step = new WorkflowEventStep(engineStep, event.instanceId, dispatch);

    return step.withWorkflow("purchase", async (purchase) => {
      purchase.log("info", `An order of ${ITEMS.length} things`);

      await step.do("check the basket", async ({ span }) => {
        await work(900);
        span.setAttributes({ "basket.items": ITEMS.length, "basket.total": "412.50 EUR" });
      });

      await Promise.all([
        step.do("reserve the stock", () => work(1800)),
        step.do("look for fraud", async ({ span }) => {
          await span.withSpan({ name: "compare addresses" }, () => work(1100));
          await span.withSpan({ name: "ask the bank" }, () => work(1400));
        }),
      ]);

      const retries = { limit: 4, delay: 1000 / speed, backoff: "constant" } as const;
      await step.do("charge the card", { retries }, async ({ span, attempt }) => {
        span.log("info", `Calling the payment provider, attempt ${attempt}`);
        await work(700);
        if (attempt < 3) throw new Error(attempt === 1 ? "The provider is busy" : "The provider did not answer");
      });

      await step.sleep("let the payment settle", 2000 / speed);

      await step.do("pack the parcel", async ({ span }) => {
        for (const [index, item] of ITEMS.entries()) {
          span.progress(index, ITEMS.length, { unit: "items", message: `Packing ${item}` });
          await work(500);
        }
        span.progress(ITEMS.length, ITEMS.length, { unit: "items" });
      });

      await step.waitForEvent("approval by the warehouse", { type: APPROVAL_EVENT, timeout: "1 hour" });

      await step.do("hand it to the carrier", async ({ span }) => {
        await work(1200);
        span.setAttributes({ "parcel.tracking": "DEMO-4711" });
      });
      return "delivered";
    });
  }
}
