import { defineConfig } from "vitest/config";
import { fromSource, patient } from "./vitest.shared.ts";

/** Tests that need nothing but Node. They run first. */
const unit = { ...patient, sequence: { groupOrder: 1 } };

const SHARED = "test/{trace,client,react,element,cli,scripts}/**";
const OTHERS = ["**/node_modules/**", "**/*.browser.test.ts", "test/{stores,frameworks,docs,cloudflare}/**"];

export default defineConfig({
  test: {
    name: "unit",
    projects: [
      {
        ...fromSource,
        test: { ...unit, name: "server", include: ["test/**/*.test.ts"], exclude: [...OTHERS, SHARED] },
      },
      {
        ...fromSource,
        test: {
          ...unit,
          name: "rest",
          include: [`${SHARED}/*.test.{ts,tsx}`],
          exclude: OTHERS,
          // Files share a worker and its modules, which halves the time. The server's modules keep timers for the
          // whole process: there, a file could meet those of another.
          isolate: false,
        },
      },
    ],
  },
});
