import { setTimeout as delay } from "node:timers/promises";
import type { SpanHandle, Tracer } from "ssetarget/workflows";

const ITEMS = ["a lamp", "two chairs", "a rug", "six glasses", "a vase", "a clock", "a mirror", "a plant"];

/** Type of the event that a purchase waits for. */
export const APPROVAL_EVENT = "approval";

export interface PurchaseOptions {
  /** Speed factor; 1 takes about 18 seconds, plus the time until you approve. */
  readonly speed: number;
  /** Resolves when the warehouse has approved. */
  readonly approval: Promise<void>;
}

/** The purchase of the Cloudflare example without a workflow engine: plain functions and a tracer. */
export async function purchase(tracer: Tracer, { speed, approval }: PurchaseOptions): Promise<void> {
  const work = (ms: number) => delay(ms / speed);

  await tracer.run({ name: "purchase", kind: "workflow" }, async (run) => {
    run.log("info", `An order of ${ITEMS.length} things`);

    await run.withSpan({ name: "check the basket", kind: "step" }, async (step) => {
      await work(900);
      step.setAttributes({ "basket.items": ITEMS.length, "basket.total": "412.50 EUR" });
    });

    await Promise.all([
      run.withSpan({ name: "reserve the stock", kind: "step" }, () => work(1800)),
      run.withSpan({ name: "look for fraud", kind: "step" }, async (step) => {
        await step.withSpan({ name: "compare addresses" }, () => work(1100));
        await step.withSpan({ name: "ask the bank" }, () => work(1400));
      }),
    ]);

    await withAttempts(run, "charge the card", 5, async (attempt, span) => {
      span.log("info", `Calling the payment provider, attempt ${attempt}`);
      await work(700);
      if (attempt < 3) throw new Error(attempt === 1 ? "The provider is busy" : "The provider did not answer");
    });

    const settleMs = 2000 / speed;
    const settled = { name: "let the payment settle", kind: "sleep", until: Date.now() + settleMs } as const;
    await run.withSpan(settled, () => delay(settleMs));

    await run.withSpan({ name: "pack the parcel", kind: "step" }, async (step) => {
      for (const [index, item] of ITEMS.entries()) {
        step.progress(index, ITEMS.length, { unit: "items", message: `Packing ${item}` });
        await work(500);
      }
      step.progress(ITEMS.length, ITEMS.length, { unit: "items" });
    });

    const waiting = { name: "approval by the warehouse", kind: "wait", waitingFor: APPROVAL_EVENT } as const;
    await run.withSpan(waiting, () => approval);

    await run.withSpan({ name: "hand it to the carrier", kind: "step" }, async (step) => {
      await work(1200);
      step.setAttributes({ "parcel.tracking": "DEMO-4711" });
    });
  });
}

/** A step that is retried until it succeeds; each attempt is a span. */
async function withAttempts<T>(
  parent: SpanHandle,
  name: string,
  maxAttempts: number,
  work: (attempt: number, span: SpanHandle) => Promise<T>,
): Promise<T> {
  return parent.withSpan({ name, kind: "step" }, async (step) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await step.withSpan({ name, kind: "attempt", attempt }, (span) => work(attempt, span));
      } catch (error) {
        if (attempt === maxAttempts) throw error;
      }
    }
  });
}
