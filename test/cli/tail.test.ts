import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { stripVTControlCharacters } from "node:util";
import { MemoryEventStore, type StreamEvent } from "ssetarget";
import { afterEach, describe, expect, it } from "vitest";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { ended, failed, logged, started } from "../trace/support/span-events.ts";
import { openShell, openStreamServer, runCli, runInTerminal, runShell, type StreamServer } from "./support/cli.ts";
import { PURCHASE } from "./support/purchase.ts";
import { VirtualTerminal } from "./support/virtual-terminal.ts";

/** Processes start slowly on a busy machine. */
const TIMEOUT_MS = 40_000;

let server: StreamServer | undefined;
const open: typeof openStreamServer = async (options) => (server = await openStreamServer(options));
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const GOOD = [started("build"), logged("build", "Compiling"), ended("build", { ms: 1_500 })];
const BAD = [
  started("build"),
  started("test", { parent: "build", ms: 1 }),
  failed("test", "2 of 90 failed", { parent: "build", ms: 5 }),
  failed("build", "The tests failed", { ms: 2_000 }),
];

async function tell({ hub }: StreamServer, events: readonly object[], isOver = true): Promise<void> {
  await hub.stream("run").dispatchEvents(events as StreamEvent[]);
  if (isOver) await hub.complete("run");
}

const whats = (stdout: string) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t")[1]);

describe("ssetarget tail, in a pipe", { timeout: TIMEOUT_MS }, () => {
  it("says what happens line by line, and ends with 0 where all went well", async () => {
    const target = await open();
    const cli = runCli(["tail", target.url]);
    await tell(target, GOOD.slice(0, 1), false);
    await cli.until(({ stdout }) => stdout.includes("started\tbuild"));
    await tell(target, GOOD.slice(1));
    expect(await cli.exit).toEqual({
      code: 0,
      stdout: [
        "2026-11-01T00:00:00.000Z\tstarted\tbuild",
        '2026-11-01T00:00:00.000Z\tlog\tbuild\tlevel=info message="Compiling"',
        "2026-11-01T00:00:01.500Z\tdone\tbuild\ttook=1.5s",
        "-\tend\t-",
        "",
      ].join("\n"),
      stderr: "✓ build done in 1.5s\n",
    });
  });

  it("ends with 1 where a run failed, and says which and why", async () => {
    const target = await open();
    await tell(target, BAD);
    expect(await runCli(["tail", target.url]).exit).toMatchObject({
      code: 1,
      stderr: "✗ build failed after 2.0s: The tests failed\n  test: 2 of 90 failed\n",
    });
  });

  it("ends with 1 where a run was never told to have ended", async () => {
    const target = await open();
    await tell(target, [started("build")]);
    expect(await runCli(["tail", target.url]).exit).toMatchObject({
      code: 1,
      stderr: "– build did not report its end before the stream ended\n",
    });
  });

  it("loses nothing and says nothing twice when the connection is cut", async () => {
    const target = await open();
    const proxy = await openCuttingProxy(target.port);
    try {
      const cli = runCli(["tail", `${proxy.url}/run/sse`, "--json"]);
      await tell(target, GOOD.slice(0, 1), false);
      await cli.until(({ stdout }) => stdout.includes("started"));
      proxy.cut();
      await cli.until(({ stderr }) => stderr.includes("lost"));
      await tell(target, GOOD.slice(1, 2), false);
      proxy.mend();
      await cli.until(({ stdout }) => stdout.includes("Compiling"));
      await tell(target, GOOD.slice(2));
      const { code, stdout, stderr } = await cli.exit;
      expect(code).toBe(0);
      expect(
        stdout
          .trimEnd()
          .split("\n")
          .map((line) => (JSON.parse(line) as StreamEvent).id),
      ).toEqual([1, 2, 3, 4]);
      expect(stderr).toBe("The connection is lost; trying again.\nConnected again.\n✓ build done in 1.5s\n");
    } finally {
      await proxy.close();
    }
  });

  it("gives scripts every event as it was, one a line", async () => {
    const target = await open();
    const events = [...GOOD, { type: "greeting", text: "two\nlines, \u009b31m, \u202e, 漢字", list: [1, { a: null }] }];
    await tell(target, events);
    const { code, stdout } = await runCli(["tail", target.url, "--json"]).exit;
    expect(code).toBe(0);
    // oxlint-disable-next-line no-control-regex -- That there are none is what is tested.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      ...events.map(({ type, ...data }, index) => ({
        type,
        id: index + 1,
        lastEventId: expect.stringMatching(`^${index + 1}[.]`) as unknown,
        data: JSON.parse(JSON.stringify(data)) as object,
      })),
      { type: "ssetarget:end", id: 5 },
    ]);
  });

  it("says that history is missing where it is", async () => {
    const target = await open({ store: () => new MemoryEventStore({ maxEvents: 2 }) });
    await tell(target, GOOD);
    const { code, stdout, stderr } = await runCli(["tail", target.url]).exit;
    expect([code, ...whats(stdout)]).toEqual([0, "gap", "done", "end"]);
    expect(stderr).toBe("✓ build done\nPart of the history is missing, so this may be incomplete.\n");
  });

  it("leaves out what cannot be read, and says so", async () => {
    const strange = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("id: 1\nevent: greeting\ndata: no \u009bJSON\n\nid: 2\nevent: ssetarget:end\ndata: {}\n\n");
    });
    strange.listen(0, "127.0.0.1");
    await once(strange, "listening");
    const { port } = strange.address() as AddressInfo;
    const { code, stdout, stderr } = await runCli(["tail", `http://127.0.0.1:${port}/sse`]).exit;
    strange.closeAllConnections();
    strange.close();
    expect([code, stdout]).toEqual([0, "-\tend\t-\n"]);
    expect(stderr).toMatch(/cannot be read.*\nThe stream ended without any spans\.\n$/);
  });

  it("goes on after the event that it is told", async () => {
    const target = await open();
    await tell(target, GOOD);
    const { stdout } = await runCli(["tail", target.url, "--last-event-id", "2"]).exit;
    expect(whats(stdout)).toEqual(["done", "end"]);
  });

  it("leaves out log lines that nobody wants", async () => {
    const target = await open();
    await tell(target, GOOD);
    for (const option of [["--no-logs"], ["--logs", "warn"]]) {
      expect(whats((await runCli(["tail", target.url, ...option]).exit).stdout)).toEqual(["started", "done", "end"]);
    }
  });

  it("says who asks, and never shows it", async () => {
    const target = await open({
      authorize: ({ headers }) => (headers.get("authorization") === "Bearer s3cret" ? true : 401),
    });
    await tell(target, GOOD);
    const asked = await runCli(["tail", `${target.url}?key=s3cret`]).exit;
    expect(asked.code).toBe(3);
    expect(asked.stderr).toContain("SSETARGET_TOKEN");
    const refused = await runCli(["tail", target.url], { SSETARGET_TOKEN: "0ther" }).exit;
    expect(refused).toMatchObject({ code: 3, stderr: "The server rejected the credentials (401).\n" });
    const known = await runCli(["tail", target.url, "-H", "X-Tenant: 7"], { SSETARGET_TOKEN: "s3cret" }).exit;
    expect(known.code).toBe(0);
    expect(target.requests.at(-1)?.headers["x-tenant"]).toBe("7");
    for (const { stdout, stderr } of [asked, refused, known]) expect(stdout + stderr).not.toMatch(/s3cret|0ther/);
  });

  it("carries headers to no other origin, and says so", async () => {
    const target = await open();
    const redirecting = createServer((_request, response) => response.writeHead(307, { location: target.url }).end());
    await once(redirecting.listen(0, "127.0.0.1"), "listening");
    const { port } = redirecting.address() as AddressInfo;
    const { code, stderr } = await runCli(["tail", `http://127.0.0.1:${port}/sse`, "-H", "X-Key: s3cret"]).exit;
    redirecting.close();
    expect(code).toBe(3);
    expect(stderr).toContain(`redirected to ${new URL(target.url).origin}:`);
    expect(target.requests).toEqual([]);
  });

  it("ends with 3 where there is no such stream, in words that help", async () => {
    const target = await open({ exists: () => false });
    expect(await runCli(["tail", target.url]).exit).toMatchObject({
      code: 3,
      stdout: "",
      stderr: `There is no stream at ${target.url} (404). Stream URLs often end in /sse; it may also have been deleted.\n`,
    });
    const page = `http://127.0.0.1:${target.port}/run`;
    expect(await runCli(["tail", page]).exit).toMatchObject({
      code: 3,
      stderr: `${page} is not an event stream; it may be a page about one. Stream URLs often end in /sse.\n`,
    });
  });

  it("ends with 3 where nothing listens, after it has tried for a while", async () => {
    const target = await open();
    const { url } = target;
    await target.close();
    server = undefined;
    expect(await runCli(["tail", url]).exit).toMatchObject({
      code: 3,
      stderr: `The connection is lost; trying again.\nCannot reach ${url}: connection refused (ECONNREFUSED).\n`,
    });
  });

  it("ends with 2 where the command is not right", async () => {
    expect(await runCli(["tail"]).exit).toEqual({
      code: 2,
      stdout: "",
      stderr: "`tail` needs the URL of an event stream.\nRun `ssetarget --help` for usage.\n",
    });
  });

  it("is over when everything has ended and it has been quiet, where that was asked for", async () => {
    const target = await open();
    await tell(target, GOOD.slice(0, 1), false);
    const cli = runCli(["tail", target.url, "--until-idle", "2s"]);
    await cli.until(({ stdout }) => stdout.includes("started"));
    // Quiet, but not over: the run is open.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await tell(target, GOOD.slice(1), false);
    const { code, stdout } = await cli.exit;
    expect([code, ...whats(stdout)]).toEqual([0, "started", "log", "done"]);
  });

  it("is over after the time that it was given, and says how to go on", async () => {
    const target = await open();
    await tell(target, GOOD.slice(0, 1), false);
    const cli = runCli(["tail", target.url, "--timeout", "4s"]);
    await cli.until(({ stdout }) => stdout.includes("started"));
    const { code, stderr } = await cli.exit;
    expect(code).toBe(124);
    expect(stderr).toMatch(/^Timed out after 4\.0s; 1 span is open\.\nTo resume: --last-event-id 1\.\w+\n$/);
  });

  it("ends with 130 when it is interrupted", async () => {
    const target = await open();
    await tell(target, GOOD.slice(0, 1), false);
    const cli = runCli(["tail", target.url]);
    await cli.until(({ stdout }) => stdout.includes("started"));
    cli.signal("SIGINT");
    const { code, stderr } = await cli.exit;
    expect(code).toBe(130);
    expect(stderr).toContain("the run continues");
  });

  it("leaves quietly when whoever read it has left", async () => {
    const target = await open();
    const many = Array.from({ length: 3_000 }, (_, index) => logged("build", `line ${index}`, { ms: index }));
    await tell(target, [started("build"), ...many], false);
    const { code, stdout, stderr } = await runShell(`$ssetarget tail ${target.url} | head -1`).exit;
    expect([code, stdout.split("\t")[1], stderr]).toEqual([141, "started", ""]);
  });

  it("holds the server back where it is read slowly, and loses nothing", async () => {
    const target = await open();
    const many = Array.from({ length: 5_000 }, (_, index) => logged("build", "x".repeat(300), { ms: index }));
    await tell(target, [started("build"), ...many, ended("build", { ms: 9_000 })]);
    const { code, stdout } = await runShell(`$ssetarget tail ${target.url} --json | (sleep 1; wc -l)`).exit;
    expect([code, stdout.trim()]).toEqual([0, "5003"]);
  });

  it("says what there is", async () => {
    const { code, stdout } = await runCli(["--help"]).exit;
    expect(code).toBe(0);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(92);
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(await runCli(["--version"]).exit).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("ssetarget tail, in a terminal", { timeout: TIMEOUT_MS }, () => {
  const look = (stdout: string) => {
    const terminal = new VirtualTerminal(70, 16);
    terminal.write(stdout);
    return terminal;
  };

  it("shows the tree while it grows, and leaves it there with the verdict below", async () => {
    const target = await open();
    const cli = runInTerminal(["tail", target.url], 16, 70);
    await tell(target, PURCHASE, false);
    await cli.until(({ stdout }) => look(stdout).lines.some((line) => line.includes("approval by the warehouse")));
    const seen = look(cli.stdout);
    expect(seen.isCursorVisible).toBe(false);
    expect(seen.lines.find((line) => line.includes("pack the parcel"))).toContain("━━━━━━━━━━────── 5/8 items");
    await tell(target, [failed("purchase", "Out of parcels", { ms: 9_000 })]);
    const { code, stdout } = await cli.exit;
    expect(code).toBe(1);
    const left = look(stdout);
    expect(left.isCursorVisible).toBe(true);
    expect(left.lines.map((line) => line.trim())).toEqual([
      expect.stringMatching(/^✗ purchase {2}Out of parcels +9\.0s$/),
      "│ An order of 8 things",
      expect.stringMatching(/^✓ check the basket +899ms$/),
      expect.stringMatching(/^✓ reserve the stock +1\.8s$/),
      expect.stringMatching(/^✓ look for fraud +2\.5s$/),
      expect.stringMatching(/^✓ compare addresses +1\.1s$/),
      expect.stringMatching(/^✓ ask the bank +1\.4s$/),
      "– charge the card  2 attempts  no end reported",
      expect.stringMatching(/^✗ attempt 1 {2}The provider is busy +699ms$/),
      "– attempt 2  no end reported",
      "– pack the parcel  no end reported",
      "– let it settle  no end reported",
      "– approval by the warehouse  no end reported",
      "✗ purchase failed after 9.0s: Out of parcels",
      "",
    ]);
  });

  it("says last all that there is to say, however narrow the window", async () => {
    const target = await open();
    await tell(target, [
      started("build"),
      started("test", { parent: "build" }),
      failed("test", "17 of 90 files failed", { parent: "build", ms: 5 }),
      failed("build", "The tests failed; the log of each of them is in the artifacts", { ms: 6 }),
    ]);
    const { code, stdout } = await runInTerminal(["tail", target.url], 16, 30).exit;
    expect(code).toBe(1);
    const last = stripVTControlCharacters(stdout.slice(stdout.lastIndexOf("\u001b[?25h"))).split(/\r?\n/);
    expect(last).toEqual([
      "✗ build failed after 6ms: The tests failed; the log of each of them is in the artifacts",
      "  test: 17 of 90 files failed",
      "",
    ]);
  });

  it("gives the cursor back when it is interrupted", async () => {
    const target = await open();
    await tell(target, PURCHASE, false);
    const cli = runInTerminal(["tail", target.url], 16, 70);
    await cli.until(({ stdout }) => stdout.includes("approval by the warehouse"));
    cli.type("\u0003");
    const { code, stdout } = await cli.exit;
    expect(code).toBe(130);
    const left = look(stdout);
    expect(left.isCursorVisible).toBe(true);
    expect(left.lines.join("\n")).toContain("Stopped watching; the run continues.");
  });

  it("lends the terminal to the shell when it is stopped, and goes on when it is called back", async () => {
    const target = await open();
    await tell(target, [started("build")], false);
    const shell = openShell(16, 70);
    const cursor = () => shell.stdout.slice(shell.stdout.lastIndexOf("\u001b[?25")).slice(0, 6);
    await shell.until(({ stdout }) => stdout.includes("$ "));
    shell.type(`$ssetarget tail ${target.url}\n`);
    await shell.until(({ stdout }) => stdout.includes("1 running"));
    expect(cursor()).toBe("\u001b[?25l");
    shell.type("\u001a");
    await shell.until(({ stdout }) => stdout.includes("Stopped"));
    expect(cursor()).toBe("\u001b[?25h");
    shell.type("fg\n");
    await shell.until(() => cursor() === "\u001b[?25l");
    await tell(target, [ended("build", { ms: 5 })]);
    await shell.until(({ stdout }) => stdout.includes("done in 5ms"));
    shell.type("echo code: $?\nexit\n");
    expect((await shell.exit).stdout).toContain("code: 0");
    expect(cursor()).toBe("\u001b[?25h");
  });

  it("says that the connection is lost, and no more once it is back", async () => {
    const target = await open();
    const proxy = await openCuttingProxy(target.port);
    try {
      await tell(target, [started("build")], false);
      const cli = runInTerminal(["tail", `${proxy.url}/run/sse`], 16, 70);
      const status = () => look(cli.stdout).lines.findLast((line) => line !== "");
      await cli.until(() => status() === "1 running");
      proxy.cut();
      await cli.until(() => status()?.startsWith("1 running · no connection, trying again") === true);
      proxy.mend();
      await cli.until(() => status() === "1 running");
      await tell(target, [ended("build", { ms: 10 })]);
      expect((await cli.exit).code).toBe(0);
    } finally {
      await proxy.close();
    }
  });
});
