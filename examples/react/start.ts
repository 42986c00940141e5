import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

/** Serves the shop's page with Vite, and the orders with the demo on plain Node. Ctrl-C stops both. */
const shopPort = Number(process.env["SHOP_PORT"] ?? 9876);
process.env["SHOP_URL"] = `http://127.0.0.1:${shopPort}`;

const shop = spawn(process.execPath, [fileURLToPath(new URL("../node/server.ts", import.meta.url))], {
  env: { ...process.env, PORT: String(shopPort) },
  stdio: ["ignore", "pipe", "inherit"],
});
shop.once("exit", (code) => process.exit(code ?? 1));
// Its first line says that it is ready.
await once(shop.stdout, "data");

const page = await createServer({ configFile: fileURLToPath(new URL("vite.config.ts", import.meta.url)) });
await page.listen();
console.log(`Order from the shop: ${page.resolvedUrls?.local[0]}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    shop.removeAllListeners("exit");
    shop.kill(signal);
    void page.close().then(() => process.exit(0));
  });
}
