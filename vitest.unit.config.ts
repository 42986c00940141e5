import { defineConfig } from "vitest/config";
import { fromSource, patient } from "./vitest.shared.ts";

/** Tests that need nothing but Node. They run first. */
const unit = { ...patient, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    name: "unit",
    projects: [
      {
        ...fromSource,
        test: { ...unit, name: "server", include: ["test/{core,wire}/**/*.test.ts"] },
      },
      {
        ...fromSource,
        test: {
          ...unit,
          name: "rest",
          include: ["test/{workflows,client,react,element,cli,scripts}/**/*.test.{ts,tsx}"],
          // Files share a worker and its modules, which halves the time. The server's modules keep timers for the
          // whole process: there, a file could meet those of another.
          isolate: false,
        },
      },
    ],
  },
});
