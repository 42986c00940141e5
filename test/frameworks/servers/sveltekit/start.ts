import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

// SvelteKit takes the folder that it is started in for the app's.
process.chdir(fileURLToPath(new URL(".", import.meta.url)));
const server = await createServer({ configFile: "vite.config.mjs", server: { port: 0, host: "127.0.0.1" } });
await server.listen();
console.log(`listening ${(server.httpServer?.address() as AddressInfo).port}`);
