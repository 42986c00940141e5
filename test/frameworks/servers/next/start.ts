import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import next from "next";

process.env["NEXT_TELEMETRY_DISABLED"] = "1";
const app = next({ dev: true, dir: fileURLToPath(new URL(".", import.meta.url)), quiet: true });
await app.prepare();
const handle = app.getRequestHandler();
const server = createServer((request, response) => void handle(request, response));
server.listen(0, "127.0.0.1", () => console.log(`listening ${(server.address() as AddressInfo).port}`));
