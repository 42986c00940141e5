import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { describe, expect, it } from "vitest";

const client = fileURLToPath(new URL("../../src/client.ts", import.meta.url));
const entry = "\0entry";

/** What a page has to load for this line, as vite makes it: minified, all in one. */
async function bundle(line: string): Promise<{ readonly code: string; readonly gzippedBytes: number }> {
  const result = (await build({
    configFile: false,
    logLevel: "error",
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? line.replace("ssetarget/client", client) : undefined),
      },
    ],
    build: { write: false, rolldownOptions: { input: entry, preserveEntrySignatures: "strict" } },
  })) as Rolldown.RolldownOutput;
  expect(result.output).toHaveLength(1);
  const { code } = result.output[0];
  return { code, gzippedBytes: gzipSync(code, { level: 9 }).byteLength };
}

describe("the bundle of the client", () => {
  it("is smaller than 9.75 KB, the parser included and without the tree", async () => {
    const { code, gzippedBytes } = await bundle('export { connect } from "ssetarget/client";');
    expect(code).not.toContain("maxLogsPerSpan");
    expect(code).not.toContain("EventSource(");
    expect(gzippedBytes).toBeLessThan(9.75 * 1024);
  });

  it("has the tree where it is watched, and the browser's own transport where it is asked for", async () => {
    const { code } = await bundle('export { watchTrace } from "ssetarget/client";');
    expect(code).toContain("maxLogsPerSpan");
    const { gzippedBytes } = await bundle('export { connect, viaEventSource } from "ssetarget/client";');
    expect(gzippedBytes).toBeLessThan(9.75 * 1024);
  });
});
