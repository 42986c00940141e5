import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  resolve: {
    // The library's source, so that the page is built without building the library first.
    alias: { "ssetarget/workflows": here("../../src/workflows/index.ts") },
  },
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    // The page's Content-Security-Policy has no place for data: URLs.
    assetsInlineLimit: 0,
    // Every browser with module scripts that matters here has native preload; the polyfill would only be weight.
    modulePreload: { polyfill: false },
    target: "es2022",
  },
});
