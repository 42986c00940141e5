import { availableParallelism } from "node:os";
import { defaultServerConditions } from "vite";

/** Tests read the sources; the built package is proved by `npm run check` and by the examples. */
const conditions = ["ssetarget-source", ...defaultServerConditions];
export const fromSource = { resolve: { conditions }, ssr: { resolve: { conditions } } };

/** Tests mostly wait for processes, sockets and browsers: one more worker than there are cores. */
const WORKERS = Math.max(3, availableParallelism());

/** No test asserts speed: a busy machine may be slow, and a hanging test is still found. */
export const patient = {
  environment: "node" as const,
  setupFiles: ["./test/setup.ts"],
  testTimeout: 60_000,
  hookTimeout: 60_000,
  maxWorkers: WORKERS,
  expect: { poll: { timeout: 25_000 } },
};
