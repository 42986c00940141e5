import { describe, expect, it } from "vitest";
import { readArguments, type TailRequest, UsageError } from "../../src/cli/arguments.ts";

const URL_TEXT = "https://ci.example/runs/7/sse";

function read(line: readonly string[], env: Record<string, string> = {}): TailRequest {
  const request = readArguments(["tail", URL_TEXT, ...line], env);
  if (request.type !== "tail") throw new Error(`read as ${request.type}`);
  return request.tail;
}

function complaint(line: readonly string[], env: Record<string, string> = {}): string {
  try {
    readArguments(line, env);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error(`${line.join(" ")} was accepted`);
}

describe("the command line", () => {
  it("needs a URL and nothing else", () => {
    expect(read([])).toEqual({
      url: URL_TEXT,
      headers: {},
      form: undefined,
      logLevel: "info",
      lastEventId: undefined,
      timeoutMs: undefined,
      untilIdleMs: undefined,
    });
  });

  it("says everything that can be asked for", () => {
    const line = ["--json", "--logs", "warn", "--last-event-id", "41.k3x9p0qa", "--timeout", "30m"];
    expect(read([...line, "--until-idle", "5s", "-H", "X-Tenant: 7", "--header", "X-Tenant: 8"])).toEqual({
      url: URL_TEXT,
      headers: { "x-tenant": "7, 8" },
      form: "json",
      logLevel: "warn",
      lastEventId: "41.k3x9p0qa",
      timeoutMs: 1_800_000,
      untilIdleMs: 5_000,
    });
    expect(read(["--no-logs", "--plain"])).toMatchObject({ logLevel: undefined, form: "plain" });
  });

  it("takes the token from the option before the environment", () => {
    expect(read([], { SSETARGET_TOKEN: "env" }).headers).toEqual({ authorization: "Bearer env" });
    expect(read(["--token", "option"], { SSETARGET_TOKEN: "env" }).headers).toEqual({ authorization: "Bearer option" });
  });

  it("turns a name and password in the URL into a header, for fetch would refuse them aloud", () => {
    const request = readArguments(["tail", "http://ann:p%C3%A4ss@localhost/sse"], {});
    expect(request).toMatchObject({
      tail: {
        url: "http://localhost/sse",
        headers: { authorization: `Basic ${Buffer.from("ann:päss").toString("base64")}` },
      },
    });
  });

  it("asks for help where nothing is asked for", () => {
    expect(readArguments([], {})).toEqual({ type: "help" });
    expect(readArguments(["tail", "--help"], {})).toEqual({ type: "help" });
    expect(readArguments(["--version"], {})).toEqual({ type: "version" });
  });

  it.each([
    [["follow", URL_TEXT], 'Unknown command "follow"; use `tail`.'],
    [["tail"], "`tail` needs the URL of an event stream."],
    [["tail", "localhost:9876/x/sse"], "starts with http:// or https://"],
    [["tail", URL_TEXT, URL_TEXT], "`tail` takes one URL, got 2."],
    [["tail", URL_TEXT, "--colour"], "Unknown option '--colour'."],
    [["tail", URL_TEXT, "--timeout"], "'--timeout <value>' argument missing"],
    [
      ["tail", URL_TEXT, "--timeout", "soon"],
      "`--timeout` must be a duration up to 24 days, for example 90s, 10m, or 2h.",
    ],
    [["tail", URL_TEXT, "--until-idle", "0"], "`--until-idle` must be a duration"],
    [["tail", URL_TEXT, "--logs", "loud"], "`--logs` must be one of debug, info, warn, error."],
    [["tail", URL_TEXT, "--logs", "warn", "--no-logs"], "Use either `--logs` or `--no-logs`."],
    [["tail", URL_TEXT, "--json", "--plain"], "Use either `--json` or `--plain`."],
    [["tail", URL_TEXT, "--header", "no colon"], '`--header` needs "name: value"'],
    [["tail", URL_TEXT, "--last-event-id", "4 1"], "`--last-event-id` must be an event id"],
    [["\u001b[2J"], 'Unknown command "␛[2J"; use `tail`.'],
  ])("%j is refused in words", (line, words) => {
    expect(complaint(line)).toContain(words);
  });

  it("does not repeat what may be a secret", () => {
    expect(complaint(["tail", URL_TEXT, "--token", "se\ncret"])).not.toContain("cret");
    expect(complaint(["tail", URL_TEXT, "--header", "x-key: se\ncret"])).not.toContain("cret");
    expect(complaint(["tail", URL_TEXT, "--header", "secret"])).not.toContain("secret");
    for (const line of [
      ["tail", "ftp://user:secret@x/"],
      ["tail", "wss://x/?token=secret"],
      ["tail", "http://user:secret@[x/"],
      ["tail", "http://user:%zzsecret@x/"],
      ["tail", "user:secret@x/sse"],
      ["http://user:secret@x/"],
      ["x?token=secret"],
      ["tail", URL_TEXT, "https://user:secret@x/"],
      ["tail", URL_TEXT, "--tokn=secret"],
      ["tail", URL_TEXT, "--tokensecret"],
      ["tail", URL_TEXT, "--json=secret"],
      ["tail", URL_TEXT, "-Xsecret"],
      ["tail", URL_TEXT, "--token", "-secret"],
      ["tail", URL_TEXT, "--last-event-id", "sec ret", "--token", "secret"],
    ]) {
      expect(complaint(line)).not.toContain("secret");
    }
  });
});
