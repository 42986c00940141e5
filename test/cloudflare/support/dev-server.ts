import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A Worker in workerd, reached over HTTP, with storage of its own that outlives a restart. */
export interface DevServer {
  readonly url: string;
  /** Where workerd keeps what it stores. */
  readonly storageDir: string;
  /** Stops workerd and starts it again on the same port and storage. */
  restart(whileDown?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the Worker of this wrangler configuration, a path relative to the repository. */
export async function startDevServer(configPath: string): Promise<DevServer> {
  // To be set before wrangler is loaded, which reads them then: it shall call nobody.
  process.env["CI"] = "1";
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["WRANGLER_SEND_ERROR_REPORTS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  process.env["WRANGLER_HIDE_BANNER"] = "true";
  const { unstable_startWorker: startWorker } = await import("wrangler");
  const storageDir = await mkdtemp(join(tmpdir(), "ssetarget-wrangler-"));
  const config = fileURLToPath(new URL(`../../../${configPath}`, import.meta.url));
  const start = (port: number) =>
    startWorker({
      config,
      dev: {
        persist: storageDir,
        server: { hostname: "127.0.0.1", port },
        inspector: false,
        watch: false,
        logLevel: "none",
        // What a Worker throws reaches the test as a 500.
        structuredLogsHandler: () => {},
      },
    });
  let worker = await start(0);
  await worker.ready;
  const url = (await worker.url).origin;
  return {
    url,
    storageDir,
    async restart(whileDown) {
      await worker.dispose();
      await whileDown?.();
      worker = await start(Number(new URL(url).port));
      await worker.ready;
    },
    async stop() {
      await worker.dispose();
      await rm(storageDir, { recursive: true, force: true });
    },
  };
}
