import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { behaviours } from "./behaviours.ts";
import { Door } from "./client.ts";
import { linkPackage, SERVERS, type ServerEntry } from "./servers.ts";

const README = fileURLToPath(new URL("../../README.md", import.meta.url));
const TABLE = /(<!-- matrix -->\n)[^]*?(<!-- \/matrix -->)/;
const held = new Set<string>();
const running: ChildProcess[] = [];

afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts the server; resolves with its port. */
function start({ title, command }: ServerEntry): Promise<number> {
  const [program = "", ...args] = command;
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const child = spawn(program, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  running.push(child);
  let output = "";
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (part: Buffer) => {
        output += part.toString();
        const port = /listening (\d+)/.exec(output)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    }
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${title} ended with ${code}: ${output}`)));
  });
}

linkPackage();

describe.each(SERVERS)("$title", (server) => {
  let door: Door;
  beforeAll(async () => {
    door = new Door(await start(server), server.isHttp2 === true);
  });
  afterAll(() => door?.close());

  it.for(behaviours)("$title", async ({ name, expectOf }) => {
    await expectOf(door, `s-${name.replaceAll(/\W/g, "")}`);
    held.add(`${server.title}/${name}`);
  });
});

describe("the table in README.md", () => {
  it("is what was seen here", () => {
    const heads = behaviours.map(({ name }) => name);
    const lines = [
      `| | by | ${heads.join(" | ")} |`,
      `| --- | --- | ${heads.map(() => "---").join(" | ")} |`,
      ...SERVERS.map(
        ({ title, door }) =>
          `| ${title} | \`${door}\` | ${heads.map((name) => (held.has(`${title}/${name}`) ? "✓" : "–")).join(" | ")} |`,
      ),
    ];
    const table = `\n${lines.join("\n")}\n\n`;
    const readme = readFileSync(README, "utf8");
    if (process.env["UPDATE_MATRIX"] === "1") writeFileSync(README, readme.replace(TABLE, `$1${table}$2`));
    // The formatter pads cells; what is in them counts.
    const tight = (text: string) => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
    const found = TABLE.exec(readFileSync(README, "utf8"))?.[0] ?? "";
    expect(tight(found)).toContain(tight(table.trim()));
  });
});
