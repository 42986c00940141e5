import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { batchedDispatchEvent } from "../../../src/cloudflare/dispatch-event.ts";
import { WorkflowEventStep } from "../../../src/cloudflare/workflow-event-step.ts";
import type { SpanHandle } from "../../../src/trace/tracer/handle.ts";
import type { Env } from "./env.ts";

export type LabParams = {
  readonly scenario: keyof typeof SCENARIOS;
  /** Whatever must not get out. */
  readonly secret?: string;
};

interface Lab {
  readonly step: WorkflowEventStep;
  readonly root: SpanHandle;
  readonly secret: string;
  /** Waits until the test turns the switch on. */
  readonly untilOn: (name: string) => Promise<void>;
}

const QUICK_RETRIES = { limit: 3, delay: 20, backoff: "constant" } as const;

/** What a test can have the workflow do. Each is written as a user would write it. */
export const SCENARIOS = {
  async tour({ step, root }: Lab): Promise<void> {
    root.log("info", "setting out");
    await step.do("first", async () => "one");
    await Promise.all([step.do("left", async () => 1), step.do("right", async () => 2)]);
    await root.withSpan({ name: "between steps" }, async (span) => {
      span.setAttributes({ steps: 3 });
    });
    await step.sleep("nap", 30);
    await step.waitForEvent("signal", { type: "go", timeout: "1 minute" });
    await step.do("last", async ({ span }) => {
      await span.withSpan({ name: "inside" }, async () => {});
    });
  },

  async held({ step, untilOn }: Lab): Promise<void> {
    await step.do("held", async ({ span }) => {
      span.progress(1, 2, { unit: "halves" });
      await untilOn("held");
    });
    await step.do("after", async () => "after");
  },

  /** Its events wait a minute for company. */
  async unhurried({ step, untilOn }: Lab): Promise<void> {
    await step.do("held", () => untilOn("held"));
  },

  async sleepy({ step }: Lab): Promise<void> {
    await step.do("before", async () => "before");
    await step.sleep("long nap", "2 seconds");
    await step.do("after", async () => "after");
  },

  async dozing({ step }: Lab): Promise<void> {
    await step.do("before", async () => {});
    await step.sleep("last nap", 800);
  },

  async flaky({ step }: Lab): Promise<void> {
    await step.do("flaky", { retries: QUICK_RETRIES }, async ({ attempt }) => {
      if (attempt < 3) throw new TypeError(`no luck, attempt ${attempt}`);
      return "luck";
    });
  },

  async hopeless({ step, secret }: Lab): Promise<void> {
    await step.do("returns a secret", async () => secret);
    await step.do("hopeless", { retries: { limit: 1, delay: 10 } }, async () => {
      throw new Error("it cannot be done");
    });
  },

  async slow({ step, untilOn }: Lab): Promise<void> {
    const config = { timeout: 800, retries: { limit: 1, delay: 10 } };
    await step
      .do("slow", config, async ({ attempt }) => {
        if (attempt === 1) await untilOn("slow");
        return attempt;
      })
      .catch(() => "the run goes on");
  },

  async impatient({ step }: Lab): Promise<void> {
    await step.waitForEvent("nobody comes", { type: "go", timeout: 100 });
  },

  async rollback({ step, untilOn }: Lab): Promise<void> {
    const rollback = async (): Promise<void> => {};
    await step.do("book a flight", async () => "AB123", { rollback });
    await step.do("book a hotel", async () => {}, { rollback });
    await step.waitForEvent("signal", { type: "go", timeout: "1 minute" });
    await step.sleep("nap", 10);
    await step.do("book a car", { retries: { limit: 0, delay: 10 } }, async () => {
      await untilOn("car");
      throw new Error("no cars left");
    });
    await step.do("never reached", async () => {});
  },

  async quiet({ step }: Lab): Promise<void> {
    await step.do("hidden step", async ({ span }) => {
      await span.withSpan({ name: "hidden inside" }, async () => {});
    });
    await step.sleep("hidden nap", 10);
    await step.do("shown step", async () => {});
  },
};

export class LabWorkflow extends WorkflowEntrypoint<Env, LabParams> {
  override async run(event: WorkflowEvent<LabParams>, engineStep: WorkflowStep): Promise<string> {
    const { scenario, secret = "" } = event.payload;
    const { instanceId } = event;
    const delayMs = scenario === "unhurried" ? 60_000 : 20;
    const dispatch = batchedDispatchEvent(this.ctx, this.env.LAB_EVENTS, delayMs);
    const step = new WorkflowEventStep(engineStep, instanceId, dispatch, (name) => !name.startsWith("hidden"));
    const switches = this.env.SWITCHES.get(this.env.SWITCHES.idFromName(instanceId));
    await step.withWorkflow(scenario, (root) =>
      SCENARIOS[scenario]({ step, root, secret, untilOn: (name) => switches.untilOn(name) }),
    );
    return secret;
  }
}
