import { startDevServer } from "../../../cloudflare/support/dev-server.ts";

const server = await startDevServer("test/frameworks/servers/workerd/wrangler.jsonc");
// oxlint-disable-next-line no-console -- This is how the suite is told.
console.log(`listening ${new URL(server.url).port}`);
process.once("SIGTERM", () => void server.stop().then(() => process.exit(0)));
