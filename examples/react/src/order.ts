import type { Trace } from "ssetarget/react";
import type { SpanNode } from "ssetarget/workflows";

/** State of a stage, in a customer's terms. */
export type StageState = "todo" | "active" | "waiting" | "done" | "failed" | "stopped";

export interface Stage {
  readonly id: StageId;
  readonly title: string;
  readonly state: StageState;
  /** The most useful detail right now. */
  readonly note: string | undefined;
  /** Progress from 0 to 1, if known. */
  readonly fraction: number | undefined;
}

type StageId = "placed" | "payment" | "packing" | "check" | "courier";

/** An order as the shop shows it, independent of spans. */
export interface Order {
  readonly state: "starting" | "active" | "waiting" | "done" | "failed";
  readonly headline: string;
  readonly text: string;
  readonly stages: readonly Stage[];
  /** Number of items in the parcel. */
  readonly packedCount: number;
  /** Type of the event that the order waits for. */
  readonly waitsFor: string | undefined;
  readonly trackingNumber: string | undefined;
  /** Whether it is certain that nothing was charged. */
  readonly isUnpaid: boolean;
  /** The failed step's error message. */
  readonly reason: string | undefined;
}

interface StagePlan {
  readonly id: StageId;
  readonly title: string;
  /** Names of its spans. */
  readonly spans: readonly string[];
  readonly headline: string;
  readonly text: string;
  readonly todo: string;
  readonly done: string;
}

const PLAN: readonly StagePlan[] = [
  {
    id: "placed",
    title: "Order placed",
    spans: ["check the basket", "reserve the stock"],
    headline: "Thank you for your order",
    text: "We are setting everything aside for you.",
    todo: "",
    done: "Everything is in stock and set aside",
  },
  {
    id: "payment",
    title: "Payment",
    spans: ["look for fraud", "charge the card", "let the payment settle"],
    headline: "Taking care of the payment",
    text: "This takes your bank a few seconds. There is nothing you need to do.",
    todo: "Your card ending in 4242",
    done: "Paid with your card ending in 4242",
  },
  {
    id: "packing",
    title: "Packing",
    spans: ["pack the parcel"],
    headline: "Your parcel is being packed",
    text: "By hand, with plenty of paper around the glasses.",
    todo: "Eight things, one parcel",
    done: "Eight things, one parcel",
  },
  {
    id: "check",
    title: "Final check",
    spans: ["approval by the warehouse"],
    headline: "One last look",
    text: "A colleague in the warehouse checks the parcel before it is closed.",
    todo: "A last check before it leaves",
    done: "Checked and closed",
  },
  {
    id: "courier",
    title: "Courier",
    spans: ["hand it to the carrier"],
    headline: "The courier is here",
    text: "Your parcel is just being handed over.",
    todo: "Usually arrives the next working day",
    done: "On its way to you",
  },
];

/** Reads the order from the newest run of its trace. */
export function toOrder({ roots }: Pick<Trace, "roots">): Order {
  const run = roots.findLast(({ isOrphan }) => !isOrphan);
  const spans = new Map((run?.children ?? []).map((span) => [span.name, span]));
  const isOver = run !== undefined && run.state !== "running";
  const stages = PLAN.map((plan) => toStage(plan, spans, isOver));
  const index = Math.max(
    0,
    stages.findLastIndex(({ state }) => state !== "todo" && state !== "stopped"),
  );
  const facts = {
    stages,
    packedCount: packedCount(spans.get("pack the parcel")),
    trackingNumber: textAttribute(spans.get("hand it to the carrier"), "parcel.tracking"),
    waitsFor: run?.children.find(({ kind, state }) => kind === "wait" && state === "waiting")?.waitingFor,
    isUnpaid: isUnpaid(spans.get("charge the card")),
    reason: run?.error,
  };
  if (run === undefined) {
    return { ...facts, state: "starting", headline: "One moment", text: "We are looking for your order." };
  }
  if (run.state === "failed" || run.state === "abandoned") return failedOrder(facts);
  if (run.state === "done") {
    return { ...facts, state: "done", headline: "It is on its way", text: "Your parcel has left the warehouse." };
  }
  const { headline = "", text = "" } = PLAN[index] ?? {};
  const state = stages[index]?.state === "waiting" ? "waiting" : "active";
  return { ...facts, state, headline, text };
}

function failedOrder(facts: Omit<Order, "state" | "headline" | "text">): Order {
  if (facts.isUnpaid) {
    return {
      ...facts,
      state: "failed",
      headline: "That did not go through",
      text: "We are sorry. Your card has not been charged, and everything stays in your basket. Please try again, or use another card.",
    };
  }
  return {
    ...facts,
    state: "failed",
    headline: "Your order is held up",
    text: "We are sorry. Something went wrong on our side, and a colleague is looking into it. You will hear from us today; there is nothing you need to do.",
  };
}

/** A payment whose end was never reported may have been charged. */
function isUnpaid(charge: SpanNode | undefined): boolean {
  return charge === undefined || charge.state === "failed";
}

function toStage(plan: StagePlan, spans: ReadonlyMap<string, SpanNode>, isOver: boolean): Stage {
  const known = plan.spans.flatMap((name) => spans.get(name) ?? []);
  const state = stageState(plan, known, isOver);
  const open = known.find((span) => span.state === "running" || span.state === "waiting");
  return {
    id: plan.id,
    title: plan.title,
    state,
    note: stageNote(plan, state, open),
    fraction: state === "active" ? fractionOf(open) : undefined,
  };
}

function stageState(plan: StagePlan, known: readonly SpanNode[], isOver: boolean): StageState {
  if (known.some(({ state }) => state === "failed" || state === "abandoned")) return "failed";
  if (known.length === plan.spans.length && known.every(({ state }) => state === "done")) return "done";
  if (isOver) return "stopped";
  if (known.length === 0) return "todo";
  return known.some(({ kind, state }) => kind === "wait" && state === "waiting") ? "waiting" : "active";
}

function stageNote(plan: StagePlan, state: StageState, open: SpanNode | undefined): string | undefined {
  switch (state) {
    case "todo":
      return plan.todo;
    case "done":
      return plan.done;
    case "waiting":
      return "Waiting for a colleague";
    case "failed":
      return plan.id === "payment" ? "The payment failed" : "This step failed";
    case "stopped":
      return undefined;
    case "active":
      return activeNote(open);
  }
}

function activeNote(span: SpanNode | undefined): string | undefined {
  if (span === undefined) return undefined;
  const tries = Math.max(span.attempts.length, span.attempts.at(-1)?.attempt ?? 1);
  if (tries > 1) return `Your bank is busy, so we are asking again (${ordinal(tries)} time)`;
  if (span.kind === "sleep") return "Waiting for the payment to arrive";
  if (span.progress?.message !== undefined) return span.progress.message;
  return ACTIVE_NOTES[span.name];
}

const ACTIVE_NOTES: Readonly<Record<string, string>> = {
  "check the basket": "Checking your basket",
  "reserve the stock": "Setting everything aside",
  "look for fraud": "Making sure it is really you",
  "charge the card": "Asking your bank",
  "hand it to the carrier": "Signing the papers",
};

function ordinal(count: number): string {
  return ["", "first", "second", "third", "fourth", "fifth"][count] ?? `${count}th`;
}

function fractionOf(span: SpanNode | undefined): number | undefined {
  const { current, total } = span?.progress ?? {};
  if (current === undefined || total === undefined || total <= 0) return undefined;
  return Math.min(1, Math.max(0, current / total));
}

function packedCount(span: SpanNode | undefined): number {
  if (span === undefined) return 0;
  return span.state === "done" ? Number.POSITIVE_INFINITY : (span.progress?.current ?? 0);
}

function textAttribute(span: SpanNode | undefined, name: string): string | undefined {
  const value = span?.attributes[name];
  return typeof value === "string" ? value : undefined;
}
