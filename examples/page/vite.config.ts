import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  resolve: {
    // The library's source, so that the page is built without building the library first.
    alias: {
      "ssetarget/element": here("../../src/element/index.ts"),
      "ssetarget/workflows": here("../../src/workflows/index.ts"),
    },
  },
  plugins: [
    {
      name: "define-elements",
      // The package says of the built module only that loading it does something: it defines the elements.
      transform: (code, id) =>
        id === here("../../src/element/index.ts") ? { code, moduleSideEffects: true } : undefined,
    },
  ],
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
