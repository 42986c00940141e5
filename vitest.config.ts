import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** Tests read the sources; the built package is proved by `npm run check` and by the examples. */
const alias = [
  { find: /^ssetarget$/, replacement: source("index.ts") },
  { find: /^ssetarget\/node$/, replacement: source("node.ts") },
  { find: /^ssetarget\/sqlite$/, replacement: source("sqlite.ts") },
  { find: /^ssetarget\/redis$/, replacement: source("redis.ts") },
  { find: /^ssetarget\/nats$/, replacement: source("nats.ts") },
  { find: /^ssetarget\/testing$/, replacement: source("testing/index.ts") },
  { find: /^ssetarget\/client$/, replacement: source("client/index.ts") },
  { find: /^ssetarget\/react$/, replacement: source("react/index.ts") },
  { find: /^ssetarget\/element$/, replacement: source("element/index.ts") },
  { find: /^ssetarget\/workflows$/, replacement: source("workflows/index.ts") },
];

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          include: ["test/{core,workflows,client,react,element,cli}/**/*.test.{ts,tsx}"],
          environment: "node",
        },
      },
      {
        resolve: { alias },
        test: {
          name: "stores",
          include: ["test/stores/**/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "frameworks",
          include: ["test/frameworks/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "docs",
          include: ["test/docs/**/*.test.ts"],
          environment: "node",
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "cloudflare",
          include: ["test/cloudflare/**/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          environment: "node",
          testTimeout: 90_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
