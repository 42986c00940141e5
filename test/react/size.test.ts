import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { describe, expect, it } from "vitest";

const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
const MAX_BYTES = 2.5 * 1024;

/** What a page downloads for these exports, React not counted, in bytes of gzip. */
async function sizeOf(code: string): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), "ssetarget-size-"));
  try {
    const entry = join(dir, "entry.js");
    writeFileSync(entry, code);
    const built = await build({
      configFile: false,
      logLevel: "silent",
      root: source(".."),
      build: {
        write: false,
        target: "es2022",
        lib: { entry, formats: ["es"], fileName: "entry" },
        rolldownOptions: { external: ["react"], output: { minify: true } },
      },
    });
    const output = Array.isArray(built) ? built[0] : built;
    if (output === undefined || !("output" in output)) throw new Error("nothing has been built");
    return gzipSync(output.output[0].code, { level: 9 }).byteLength;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe("ssetarget/react", () => {
  it("costs less than 2.5 KB more than the client that it stands on", { timeout: 60_000 }, async () => {
    const client = `export * from ${JSON.stringify(source("client.ts"))};`;
    const react = `export * from ${JSON.stringify(source("react.ts"))};`;
    const [alone, both] = await Promise.all([sizeOf(client), sizeOf(client + react)]);
    expect(both - alone).toBeLessThan(MAX_BYTES);
  });

  it("leaves out what is not used", { timeout: 60_000 }, async () => {
    const events = `export { useEventStream } from ${JSON.stringify(source("react.ts"))};`;
    const all = `export * from ${JSON.stringify(source("react.ts"))};`;
    const [some, whole] = await Promise.all([sizeOf(events), sizeOf(all)]);
    // SpanTree above all: who folds alone does not pay for it.
    expect(whole - some).toBeGreaterThan(4_000);
  });
});
