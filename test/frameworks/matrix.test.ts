import type { ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { behaviours } from "./behaviours.ts";
import { until } from "../support/until.ts";
import { Door } from "./client.ts";
import { PROXIES, startProxy } from "./proxies.ts";
import { requireFrameworks, SERVERS } from "./servers.ts";
import { startServer } from "./start-server.ts";

const PAGE = fileURLToPath(new URL("../../docs/frameworks.md", import.meta.url));
const TABLE = /(<!-- matrix -->\n)[^]*?(<!-- \/matrix -->)/;
const held = new Set<string>();
const running: ChildProcess[] = [];

afterAll(async () => {
  // Not killed at once: nginx and wrangler have children of their own to take with them.
  for (const child of running) child.kill("SIGTERM");
  await until(
    () => running.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
    "all servers have ended",
  ).finally(() => {
    for (const child of running) child.kill("SIGKILL");
  });
});

requireFrameworks();

describe.each(SERVERS)("$title", (server) => {
  let door: Door;
  beforeAll(async () => {
    door = new Door(await startServer(server, running), server.isHttp2 === true);
  });
  afterAll(() => door?.close());

  it.for(behaviours)("$title", async ({ name, expectOf }) => {
    await expectOf(door, `s-${name.replaceAll(/\W/g, "")}`);
    held.add(`${server.title}/${name}`);
  });
});

describe.each(PROXIES)("$title, in front of node:http", (proxy) => {
  let door: Door;
  beforeAll(async () => {
    const [, server] = SERVERS;
    if (server === undefined) throw new Error("there is no server");
    door = new Door(await startProxy(proxy, await startServer(server, running), running), false);
  });

  it.for(behaviours)("$title", async ({ name, expectOf }) => {
    await expectOf(door, `s-${name.replaceAll(/\W/g, "")}`);
    held.add(`${proxy.title}/${name}`);
  });
});

describe("the table in docs/frameworks.md", () => {
  it("is what was seen here", () => {
    const heads = behaviours.map(({ name }) => name);
    const marks = (title: string) => heads.map((name) => (held.has(`${title}/${name}`) ? "✓" : "–")).join(" | ");
    const lines = [
      `| | by | ${heads.join(" | ")} |`,
      `| --- | --- | ${heads.map(() => "---").join(" | ")} |`,
      ...SERVERS.map(({ title, door }) => `| ${title} | \`${door}\` | ${marks(title)} |`),
      ...PROXIES.map(({ title }) => `| behind ${title} | | ${marks(title)} |`),
    ];
    const table = `\n${lines.join("\n")}\n\n`;
    const page = readFileSync(PAGE, "utf8");
    if (process.env["UPDATE_MATRIX"] === "1") writeFileSync(PAGE, page.replace(TABLE, `$1${table}$2`));
    // The formatter pads cells; what is in them counts.
    const tight = (text: string) => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
    const found = TABLE.exec(readFileSync(PAGE, "utf8"))?.[0] ?? "";
    expect(tight(found)).toContain(tight(table.trim()));
  });
});
