import { describe, it } from "vitest";
import { storeCases, type MakeStore, type StoreCapability } from "ssetarget/testing";

/** Runs the kit over a store. A case that takes what was not declared is listed as such. */
export function describeConformance(
  name: string,
  capabilities: readonly StoreCapability[],
  makeStore: MakeStore,
): void {
  describe(`${name}, as the kit has it`, () => {
    for (const { title, section, undeclared, run } of storeCases(capabilities)) {
      if (undeclared.length === 0) it(`${title} (${section})`, () => run(makeStore));
      else it.skip(`${title} (not declared: ${undeclared.join(", ")})`);
    }
  });
}
