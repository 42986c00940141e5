import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  resolve: {
    // Use the library's source, so that the page can be built before the library.
    conditions: ["ssetarget-source", ...defaultClientConditions],
  },
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    // The page's Content-Security-Policy does not allow data: URLs.
    assetsInlineLimit: 0,
    // Every supported browser has native module preload, so the polyfill would be dead weight.
    modulePreload: { polyfill: false },
    // The browsers of docs/element.md. For older ones, Vite would rewrite `light-dark()` and `:dir()`.
    target: ["chrome123", "firefox120", "safari17.5"],
  },
});
