import {
  isAppendable,
  isBounded,
  isClosable,
  isFollowable,
  isKeyed,
  isPageable,
  isTrimmable,
} from "../store/event-store.ts";
import { boundsCases } from "./bounds-cases.ts";
import { runCase, type CaseDefinition, type StoreCapability, type StoreCase } from "./conformance-case.ts";
import { expectEqual } from "./expect.ts";
import { followingCases } from "./following-cases.ts";
import { keyCases } from "./key-cases.ts";
import { readingCases } from "./reading-cases.ts";
import { storingCases } from "./storing-cases.ts";

const METHODS = [
  ["append", isAppendable],
  ["page", isPageable],
  ["follow", isFollowable],
  ["bounds", isBounded],
  ["trim", isTrimmable],
  ["keys", isKeyed],
  ["close", isClosable],
] as const satisfies readonly (readonly [StoreCapability, unknown])[];

const declarationCase: CaseDefinition = {
  title: "has the methods that were declared, and no others of the contract",
  section: "13 Stores",
  needs: [],
  check: async (open, can) => {
    const store = await open();
    const has = METHODS.filter(([, isSo]) => isSo(store)).map(([name]) => name);
    expectEqual(has, METHODS.map(([name]) => name).filter(can), "capabilities, by the store's methods");
  },
};

/**
 * What a store with these capabilities has to do, for any test runner:
 *
 * ```ts
 * for (const { title, section, undeclared, run } of storeCases(["append", "history"])) {
 *   if (undeclared.length === 0) it(`${title} (${section})`, () => run(makeStore));
 *   else it.skip(`${title} (not declared: ${undeclared.join(", ")})`);
 * }
 * ```
 */
export function storeCases(capabilities: readonly StoreCapability[]): readonly StoreCase[] {
  const declared = new Set(capabilities);
  const all = [declarationCase, ...storingCases, ...readingCases, ...keyCases, ...followingCases, ...boundsCases];
  return all.map((definition) => ({
    title: definition.title,
    section: definition.section,
    undeclared: definition.needs.filter((capability) => !declared.has(capability)),
    run: (makeStore) => runCase(definition, declared, makeStore),
  }));
}
