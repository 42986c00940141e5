import type { SpanEvent } from "ssetarget/workflows";
import { at, ended, failed, logged, started, updated } from "../../trace/support/span-events.ts";

/** A purchase that is under way: 5.3 s after its start it packs, waits, sleeps and tries its card again. */
export const PURCHASE: readonly SpanEvent[] = [
  started("purchase", { kind: "workflow" }),
  logged("purchase", "An order of 8 things"),
  started("basket", { parent: "purchase", ms: 1, kind: "step", name: "check the basket" }),
  ended("basket", { parent: "purchase", ms: 900 }),
  started("stock", { parent: "purchase", ms: 900, kind: "step", name: "reserve the stock" }),
  ended("stock", { parent: "purchase", ms: 2700 }),
  started("fraud", { parent: "purchase", ms: 901, name: "look for fraud" }),
  started("addresses", { parent: "fraud", ms: 902, name: "compare addresses" }),
  ended("addresses", { parent: "fraud", ms: 2002 }),
  started("bank", { parent: "fraud", ms: 2003, name: "ask the bank" }),
  ended("bank", { parent: "fraud", ms: 3403 }),
  ended("fraud", { parent: "purchase", ms: 3404 }),
  started("card", { parent: "purchase", ms: 3500, name: "charge the card" }),
  started("try-1", { parent: "card", kind: "attempt", attempt: 1, ms: 3501 }),
  failed("try-1", "The provider is busy", { parent: "card", kind: "attempt", attempt: 1, ms: 4200 }),
  started("try-2", { parent: "card", kind: "attempt", attempt: 2, ms: 4201 }),
  logged("try-2", "Calling the provider again", { parent: "card", kind: "attempt", attempt: 2, ms: 4205 }),
  started("pack", { parent: "purchase", ms: 4300, name: "pack the parcel" }),
  updated("pack", {
    parent: "purchase",
    ms: 4400,
    progress: { current: 5, total: 8, unit: "items", message: "Packing a clock" },
  }),
  started("settle", { parent: "purchase", ms: 4500, kind: "sleep", name: "let it settle", until: at(8_000) }),
  started("approval", {
    parent: "purchase",
    ms: 4501,
    kind: "wait",
    waitingFor: "approval",
    name: "approval by the warehouse",
    until: at(60_000),
  }),
];

export const PURCHASE_NOW_MS = 5_321;
