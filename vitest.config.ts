import { availableParallelism } from "node:os";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

/** Tests read the sources; the built package is proved by `npm run check` and by the examples. */
const conditions = ["ssetarget-source", ...defaultServerConditions];
const fromSource = { resolve: { conditions }, ssr: { resolve: { conditions } } };

/** Tests mostly wait: for processes, sockets and browsers. On two cores, one more at a time than there are cores pays. */
const WORKERS = Math.max(3, availableParallelism());

/** Nothing here is an assertion about speed: a busy machine is slow, and what hangs is found all the same. */
const patient = {
  environment: "node" as const,
  setupFiles: ["./test/setup.ts"],
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 25_000 } },
};

export default defineConfig({
  test: {
    projects: [
      {
        ...fromSource,
        test: {
          ...patient,
          name: "unit",
          include: ["test/{core,workflows,client,react,element,cli,scripts}/**/*.test.{ts,tsx}"],
          maxWorkers: WORKERS,
          // What needs no service goes first.
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...fromSource,
        test: {
          ...patient,
          name: "stores",
          include: ["test/stores/**/*.test.ts"],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...patient,
          name: "frameworks",
          include: ["test/frameworks/*.test.ts"],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...patient,
          name: "docs",
          include: ["test/docs/**/*.test.ts"],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...fromSource,
        test: {
          ...patient,
          name: "cloudflare",
          include: ["test/cloudflare/**/*.test.ts"],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...fromSource,
        test: {
          ...patient,
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 90_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
