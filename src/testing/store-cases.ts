import { boundsCases } from "./bounds-cases.ts";
import { runCase, type CaseDefinition, type StoreCapability, type StoreCase } from "./conformance-case.ts";
import { expectEqual } from "./expect.ts";
import { keyCases } from "./key-cases.ts";
import { readingCases } from "./reading-cases.ts";
import { storingCases } from "./storing-cases.ts";
import { watchingCases } from "./watching-cases.ts";

const METHODS = ["trim", "delete"] as const satisfies readonly StoreCapability[];

const declarationCase: CaseDefinition = {
  title: "has the optional methods that were declared, and no others",
  section: "13 Stores",
  needs: [],
  check: async (open, can) => {
    const log = await open();
    const has = METHODS.filter((method) => typeof log[method] === "function");
    expectEqual(has, METHODS.filter(can), "optional methods");
  },
};

/**
 * What a store with these capabilities has to do, for any test runner:
 *
 * ```ts
 * for (const { title, section, undeclared, run } of storeCases(["history", "keys"])) {
 *   if (undeclared.length === 0) it(`${title} (${section})`, () => run(makeStore));
 *   else it.skip(`${title} (not declared: ${undeclared.join(", ")})`);
 * }
 * ```
 */
export function storeCases(capabilities: readonly StoreCapability[]): readonly StoreCase[] {
  const declared = new Set(capabilities);
  const all = [declarationCase, ...storingCases, ...readingCases, ...keyCases, ...watchingCases, ...boundsCases];
  return all.map((definition) => ({
    title: definition.title,
    section: definition.section,
    undeclared: definition.needs.filter((capability) => !declared.has(capability)),
    run: (makeStore) => runCase(definition, declared, makeStore),
  }));
}
