import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeBlocks, ROOT, type CodeBlock } from "./code-blocks.ts";

const run = promisify(execFile);
/** Inside the repository, so that `ssetarget` is the package as it is built. */
const DIR = `${ROOT}/test/docs/.blocks`;
const blocks = codeBlocks();
const compiled = blocks.filter(({ proof }) => proof !== "from");
const nameOf = (block: CodeBlock) => `${block.file.replaceAll(/[^\w]/g, "_")}_${block.line}.${block.language}`;
const label = (block: CodeBlock) => `${block.file}, line ${block.line}`;

/** Runs a block with every server on a port of its own that does not keep the process alive, so that it ends when it is done. */
const RUNNER = `
import { Server } from "node:net";
const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, typeof port === "number" ? 0 : port, ...rest).unref();
};
await import(process.argv[2]);
`;

function config(folder: string, base: string): void {
  const include = [`./${folder}/*`];
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, jsx: "react-jsx" };
  writeFileSync(
    `${DIR}/tsconfig.${folder}.json`,
    JSON.stringify({ extends: `../../../${base}`, compilerOptions, include, exclude: [] }),
  );
}

async function tscErrors(folder: string): Promise<string> {
  return run(process.execPath, [
    `${ROOT}/node_modules/typescript/bin/tsc`,
    "-p",
    `${DIR}/tsconfig.${folder}.json`,
  ]).then(
    () => "",
    (error: { stdout?: string }) => error.stdout ?? String(error),
  );
}

let errors = "";
beforeAll(async () => {
  rmSync(DIR, { recursive: true, force: true });
  for (const folder of ["web", "cloudflare"]) mkdirSync(`${DIR}/${folder}`, { recursive: true });
  writeFileSync(`${DIR}/runner.mjs`, RUNNER);
  config("web", "tsconfig.json");
  config("cloudflare", "tsconfig.cloudflare.json");
  for (const block of compiled) {
    const folder = block.proof === "cloudflare" ? "cloudflare" : "web";
    writeFileSync(`${DIR}/${folder}/${nameOf(block)}`, `${block.code}\nexport {};\n`);
  }
  errors = (await Promise.all(["web", "cloudflare"].map(tscErrors))).join("");
});
afterAll(() => rmSync(DIR, { recursive: true, force: true }));

describe("the code in README.md and docs/", () => {
  it("is there", () => {
    expect(blocks.length).toBeGreaterThan(5);
  });

  it.for(compiled)("compiles: $file, line $line", (block) => {
    const own = errors.split("\n").filter((line) => line.includes(nameOf(block)));
    expect(own, `${label(block)}\n${block.code}`).toEqual([]);
  });

  it.for(blocks.filter(({ proof }) => proof === "from"))("is in its file: $file, line $line", ({ code, source }) => {
    const lines = new Set(
      readFileSync(`${ROOT}/${source}`, "utf8")
        .split("\n")
        .map((line) => line.trim()),
    );
    expect(code.split("\n").filter((line) => !lines.has(line.trim()))).toEqual([]);
  });

  it.for(blocks.filter(({ proof }) => proof === "run"))("runs: $file, line $line", async (block) => {
    const { stderr } = await run(process.execPath, [`${DIR}/runner.mjs`, `${DIR}/web/${nameOf(block)}`], {
      timeout: 20_000,
      cwd: DIR,
    });
    expect(stderr).toBe("");
  });
});
