import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../support/ports.ts";
import { admittedStrangers, fromOwnPage } from "../support/strangers.ts";

const START = fileURLToPath(new URL("../../examples/cluster/start.ts", import.meta.url));
/** That of the proxy; the three servers have those that follow, and Redis has the tenth after it. */
const PORT = await freePort(11);
const base = `http://127.0.0.1:${PORT}`;
let cluster: ChildProcess;
let output = "";

beforeAll(async () => {
  cluster = spawn(process.execPath, [START], {
    env: { ...process.env, PORT: String(PORT) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    for (const stream of [cluster.stdout, cluster.stderr]) {
      stream?.on("data", (part: Buffer) => {
        output += part.toString();
        if (output.includes("Three servers behind one proxy")) resolve();
      });
    }
    cluster.on("exit", () => reject(new Error(`the cluster ended: ${output}`)));
  });
}, 60_000);

afterAll(async () => {
  cluster.removeAllListeners("exit");
  cluster.kill("SIGTERM");
  await once(cluster, "exit");
});

/** Follows a run as a browser does, and remembers the ids in the order in which they came. */
function watch(url: string): { ids: number[]; gaps: number; ended: Promise<void>; source: EventSource } {
  const source = new EventSource(url);
  const seen = { ids: [] as number[], gaps: 0, source, ended: Promise.resolve() };
  seen.ended = new Promise((resolve) => {
    for (const type of ["started", "updated", "log", "ended", "ssetarget:end"]) {
      source.addEventListener(type, ({ lastEventId }) => {
        seen.ids.push(Number(lastEventId.split(".")[0]));
        if (type !== "ssetarget:end") return;
        source.close();
        resolve();
      });
    }
    source.addEventListener("ssetarget:gap", () => seen.gaps++);
  });
  return seen;
}

async function startRun(): Promise<{ id: string; server: string }> {
  const response = await fetch(`${base}/`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ speed: 4 }),
  });
  const { id } = (await response.json()) as { id: string };
  return { id, server: response.headers.get("x-served-by") ?? "" };
}

/** Approves until it has been heard: the run may not wait for it yet. */
async function approve(id: string, ended: Promise<void>): Promise<void> {
  const run = { isOver: false };
  void ended.then(() => (run.isOver = true));
  while (!run.isOver) {
    await fetch(`${base}/${id}/event`, { method: "POST" });
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 200))]);
  }
}

describe("three servers behind a proxy, and Redis", () => {
  it("start and approve nothing for a page of another site, behind the proxy or not", async () => {
    const { id } = await startRun();
    for (const url of [base, `http://127.0.0.1:${PORT + 1}`]) {
      expect(await admittedStrangers(`${url}/`)).toEqual([]);
      expect(await admittedStrangers(`${url}/${id}/event`)).toEqual([]);
      expect((await fromOwnPage(`${url}/${id}/event`, { type: "refund" })).status).toBe(400);
    }
  });

  it("show the same run to everybody, whichever server runs it and whichever they hang on", async () => {
    const { id } = await startRun();
    const watchers = [0, 1, 2, 3].map((more) => watch(`http://127.0.0.1:${PORT + more}/${id}/sse`));
    await Promise.all([approve(id, watchers[0]?.ended as Promise<void>), ...watchers.map(({ ended }) => ended)]);
    const [first] = watchers;
    expect(first?.ids.length).toBeGreaterThan(30);
    for (const { ids, gaps } of watchers) {
      expect(ids).toEqual(first?.ids.map((_id, index) => index + 1));
      expect(gaps).toBe(0);
    }
  });

  it("lose nothing when the server that a client hangs on is killed: it goes on with another", async () => {
    const { id, server } = await startRun();
    const watchers = Array.from({ length: 6 }, () => watch(`${base}/${id}/sse`));
    await expect.poll(() => watchers.every(({ ids }) => ids.length > 3), { timeout: 20_000 }).toBe(true);
    // Not the one that runs the purchase: that would be the end of the work, not of watching it.
    const victim = ["A", "B", "C"].find((name) => name !== server) as string;
    const victimPort = PORT + 1 + "ABC".indexOf(victim);
    const pids = await fetch(`http://127.0.0.1:${victimPort}/pid`).then((response) => response.text());
    process.kill(Number(pids), "SIGKILL");
    await Promise.all([approve(id, watchers[0]?.ended as Promise<void>), ...watchers.map(({ ended }) => ended)]);
    for (const { ids, gaps } of watchers) {
      expect(ids).toEqual(watchers[0]?.ids.map((_id, index) => index + 1));
      expect(gaps).toBe(0);
    }
  });
});
