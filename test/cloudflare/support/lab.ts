import { startDevServer, type DevServer } from "./dev-server.ts";
import { until } from "../../support/until.ts";
import { Watch } from "./watch.ts";

/** What an object that keeps events says of its storage. */
export interface StorageReport {
  readonly tables: readonly string[];
  readonly rows: number;
  readonly alarm: number | null;
}

/** The test Worker (`worker/`), by remote control. */
export class Lab {
  readonly server: DevServer;

  constructor(server: DevServer) {
    this.server = server;
  }

  static async start(): Promise<Lab> {
    return new Lab(await startDevServer("test/cloudflare/worker/wrangler.jsonc"));
  }

  url(id: string, what: string): string {
    return `${this.server.url}/${encodeURIComponent(id)}/${what}`;
  }

  async post(id: string, what: string, body: unknown = {}): Promise<void> {
    const response = await fetch(this.url(id, what), { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${what} of ${id}: ${response.status} ${await response.text()}`);
  }

  /** Begins a run of one of the scenarios of `worker/lab-workflow.ts`. */
  async create(id: string, scenario: string, secret?: string): Promise<void> {
    await this.post(id, "create", { scenario, secret });
  }

  watch(id: string, lastEventId?: string): Promise<Watch> {
    return Watch.open(this.url(id, "sse"), lastEventId);
  }

  async get<T>(id: string, what: string): Promise<T> {
    const response = await fetch(this.url(id, what));
    if (!response.ok) throw new Error(`${what} of ${id}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  report(id: string, query = ""): Promise<StorageReport> {
    return this.get(id, `report${query}`);
  }

  /** The engine tells nobody when it has paused: it has to be asked. */
  async untilStatus(id: string, wanted: string): Promise<void> {
    let status = "";
    await until(
      async () => {
        status = await this.get(id, "status");
        return status === wanted;
      },
      () => `${id} is ${wanted}; it is ${status}`,
    );
  }
}
