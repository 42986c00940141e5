import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storeCases } from "ssetarget/testing";
import { Lab } from "./support/lab.ts";

interface KitCase {
  readonly title: string;
  readonly undeclared: readonly string[];
}

let lab: Lab;
let cases: readonly KitCase[];
beforeAll(async () => {
  lab = await Lab.start();
  cases = await lab.get<readonly KitCase[]>("any", "kit-cases");
});
afterAll(() => lab?.server.stop());

describe("DurableObjectEventStore, as the kit has it", () => {
  it("is asked for all that the kit has", () => {
    expect(cases.map(({ title }) => title)).toEqual(storeCases([]).map(({ title }) => title));
  });

  it.for(storeCases([]))("$title ($section)", async ({ title }, { skip }) => {
    const undeclared = cases.find((each) => each.title === title)?.undeclared ?? [];
    if (undeclared.length > 0) skip(`not declared: ${undeclared.join(", ")}`);
    expect(await lab.get("any", `kit?case=${encodeURIComponent(title)}`)).toEqual({ wrong: null });
  });
});
