import { DurableObject } from "cloudflare:workers";
import { storeCases, type StoreCapability } from "../../../src/testing.ts";
import { DurableObjectEventStore } from "../../../src/cloudflare/durable-object-event-store.ts";

/** An object holds one stream, so two streams at once, and two stores that see each other, are not for this one. */
const CAPABILITIES = [
  "batches",
  "trim",
  "delete",
  "keys",
  "history",
  "dense-ids",
  "persistent",
] as const satisfies readonly StoreCapability[];

/** One case of the conformance kit as the test is told of it. */
export interface KitCase {
  readonly title: string;
  readonly section: string;
  readonly undeclared: readonly string[];
}

/** Runs cases of the conformance kit over its own storage: one object for each case. */
export class Kit extends DurableObject {
  cases(): readonly KitCase[] {
    return storeCases(CAPABILITIES).map(({ title, section, undeclared }) => ({ title, section, undeclared }));
  }

  /** Runs the case; answers with what was wrong, or with nothing. */
  async check(title: string): Promise<string | undefined> {
    const found = storeCases(CAPABILITIES).find((each) => each.title === title);
    if (found === undefined) return `there is no case "${title}"`;
    try {
      await found.run(() => new DurableObjectEventStore(this.ctx.storage));
      return undefined;
    } catch (error) {
      return String(error);
    }
  }
}
