import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  resolve: {
    // Use the library's source, so that the page can be built before the library.
    alias: {
      "ssetarget/element": here("../../src/element/index.ts"),
      "ssetarget/workflows": here("../../src/workflows/index.ts"),
    },
  },
  plugins: [
    {
      name: "define-elements",
      // The package declares side effects only for the built module, which defines the elements.
      transform: (code, id) =>
        id === here("../../src/element/index.ts") ? { code, moduleSideEffects: true } : undefined,
    },
  ],
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    // The page's Content-Security-Policy does not allow data: URLs.
    assetsInlineLimit: 0,
    // Every supported browser has native module preload, so the polyfill would be dead weight.
    modulePreload: { polyfill: false },
    target: "es2022",
  },
});
