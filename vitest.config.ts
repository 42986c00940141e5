import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { fromSource, patient } from "./vitest.shared.ts";

/** Suites that need services, browsers or the built package. They run side by side, after the unit tests. */
const services = { ...patient, sequence: { groupOrder: 2 } };

/** Starts browser files and other files by turns: browsers need the processor, and the others mostly wait. */
class TakingTurns extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- Vitest's name for it.
    const sorted = await super.sort(files);
    const isUnit = ({ project }: TestSpecification) => project.name.startsWith("unit");
    const isBrowser = ({ project }: TestSpecification) => project.name === "browser";
    const browser = sorted.filter(isBrowser);
    const others = sorted.filter((file) => !isUnit(file) && !isBrowser(file));
    const turns: TestSpecification[] = [];
    while (browser.length > 0 || others.length > 0) turns.push(...browser.splice(0, 1), ...others.splice(0, 1));
    return [...sorted.filter(isUnit), ...turns];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: TakingTurns },
    projects: [
      "./vitest.unit.config.ts",
      { ...fromSource, test: { ...services, name: "stores", include: ["test/stores/**/*.test.ts"] } },
      { test: { ...services, name: "frameworks", include: ["test/frameworks/*.test.ts"] } },
      { test: { ...services, name: "docs", include: ["test/docs/**/*.test.ts"] } },
      { ...fromSource, test: { ...services, name: "cloudflare", include: ["test/cloudflare/**/*.test.ts"] } },
      {
        ...fromSource,
        test: { ...services, name: "browser", include: ["test/**/*.browser.test.ts"], testTimeout: 90_000 },
      },
    ],
  },
});
