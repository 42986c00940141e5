import type { WorkflowEventsOptions } from "../../../src/cloudflare/workflow-events-options.ts";
import { WorkflowEvents } from "../../../src/cloudflare/workflow-events.ts";
import type { Env } from "./env.ts";

/** What storage looks like from the inside. */
interface StorageReport {
  readonly tables: readonly string[];
  readonly rows: number;
  readonly alarm: number | null;
}

export class LabEvents extends WorkflowEvents<Env> {
  protected override readonly options: WorkflowEventsOptions = { lingerMs: 1_500, firstEventGraceMs: 10_000 };

  /** Leaves the object as `@oselvar/ssetarget` would have, and has it begin anew. */
  async becomeOriginal(events: readonly object[]): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS events(id INTEGER PRIMARY KEY AUTOINCREMENT, payload TEXT NOT NULL)");
    for (const event of events) sql.exec("INSERT INTO events (payload) VALUES (?)", JSON.stringify(event));
    await this.ctx.storage.sync();
    this.ctx.abort("begin anew");
  }

  async report(): Promise<StorageReport> {
    const { sql } = this.ctx.storage;
    const tables = sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'ssetarget_%' ORDER BY name",
      )
      .toArray()
      .map(({ name }) => name);
    const rows =
      tables.length === 0 ? 0 : sql.exec<{ n: number }>("SELECT count(*) AS n FROM ssetarget_events").one().n;
    return { tables, rows, alarm: await this.ctx.storage.getAlarm() };
  }
}

/** Forgets at once what is over, and soon what nobody speaks of any more. */
export class ForgetfulEvents extends LabEvents {
  protected override readonly options: WorkflowEventsOptions = {
    lingerMs: 100,
    firstEventGraceMs: 100,
    ttlMs: 1_500,
    abandonedAfterMs: 1_500,
  };
}
