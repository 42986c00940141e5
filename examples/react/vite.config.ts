import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** The demo on plain Node, which serves the orders. */
const shop = process.env["SHOP_URL"] ?? "http://127.0.0.1:9876";

export default defineConfig({
  root: here("."),
  resolve: {
    // Use the library's source, so that the page can be built before the library.
    conditions: ["ssetarget-source", ...defaultClientConditions],
  },
  oxc: { jsx: { runtime: "automatic" } },
  server: {
    host: "127.0.0.1",
    port: Number(process.env["PORT"] ?? 9874),
    strictPort: true,
    proxy: {
      "/api": {
        target: shop,
        rewrite: (path) => path.slice("/api".length),
        configure: (proxy) => {
          // Vite keeps the page's connection open after the server's has failed, and the page would wait for nothing.
          proxy.on("proxyRes", (answer, _request, response) => {
            answer.on("close", () => !answer.complete && response.destroy());
          });
        },
      },
    },
  },
  build: { outDir: here("dist"), emptyOutDir: true, target: "es2022" },
});
