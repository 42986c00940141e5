import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Plugin, type Rolldown } from "vite";
import { ROOT } from "./run.ts";

/*
 * Bundles what `tsc` alone cannot build: the elements, with their style sheets and Preact, and the command, with
 * string-width. Users need no loader, and the package does not depend on what only its views use.
 */

const SRC = `${ROOT}src/`;

/** The browsers that docs/element.md names. */
const BROWSERS = ["chrome123", "firefox120", "safari17.5"];

/**
 * Bundles a module and everything it imports into one minified ES module.
 * @param entry - By default the elements.
 */
export async function bundleElement(entry = `${SRC}element.ts`): Promise<string> {
  return (await bundle(entry, true, [])).code;
}

/**
 * Bundles an entry and its folder into one module of `dist`, which imports all other folders' modules.
 * @param entry - Its path below `src`.
 * @param folder - The folder's path below `src`; `tsc` has built its modules one by one, and they are no longer needed.
 */
async function bundleFolder(entry: string, folder: string): Promise<void> {
  const { code, map, fileName } = await bundle(`${SRC}${entry}`, false, [
    importOthers(`${SRC}${entry}`, `${SRC}${folder}/`),
  ]);
  for (const file of globSync(`${ROOT}dist/${folder}/**/*.{js,js.map}`)) rmSync(file);
  const path = `${ROOT}dist/${fileName}`;
  writeFileSync(path, code);
  writeFileSync(`${path}.map`, String(map));
}

async function bundle(entry: string, minify: boolean, plugins: Plugin[]): Promise<Rolldown.OutputChunk> {
  const result = await build({
    root: ROOT,
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    plugins,
    // Also in tests, whose NODE_ENV is not "production".
    oxc: { jsx: { development: false } },
    // The command is the one that runs on Node; the others run in browsers.
    ssr: { noExternal: true },
    build: {
      ssr: entry.includes("/cli/"),
      write: false,
      target: "es2022",
      cssTarget: BROWSERS,
      cssMinify: "lightningcss",
      minify,
      sourcemap: !minify,
      modulePreload: false,
      rolldownOptions: {
        input: entry,
        preserveEntrySignatures: "strict",
        output: {
          format: "es",
          entryFileNames: minify ? "[name].js" : relative(SRC, entry).replace(/\.ts$/, ".js"),
          minify,
          codeSplitting: false,
          // A minifier drops comments. Otherwise they must come after `#!`.
          [minify ? "postBanner" : "banner"]: (chunk: Rolldown.RenderedChunk) => licensesOf(chunk.moduleIds, minify),
        },
      },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (output === undefined || !("output" in output)) throw new Error(`${entry}: Vite returned no output`);
  const [chunk, ...others] = output.output.filter(({ type }) => type === "chunk");
  if (chunk?.type !== "chunk" || others.length > 0) throw new Error(`${entry}: the bundle is not one file`);
  return chunk;
}

/** Leaves the modules of this package that are not in `folder` out of the bundle. */
function importOthers(entry: string, folder: string): Plugin {
  return {
    name: "import-others",
    enforce: "pre",
    resolveId(source, importer) {
      if (importer === undefined || !source.startsWith(".")) return undefined;
      const path = resolve(dirname(importer), source);
      if (!path.startsWith(SRC) || path.startsWith(folder)) return undefined;
      const id = relative(dirname(entry), path).replace(/\.ts$/, ".js");
      return { id: id.startsWith(".") ? id : `./${id}`, external: true };
    },
  };
}

/**
 * The licenses of everything in a bundle, as a comment. A text that several packages share is there once.
 * @param isAlone - The bundle is also used without this package, so it carries this package's license too.
 */
function licensesOf(moduleIds: readonly string[], isAlone: boolean): string {
  const folders = new Set(isAlone ? [ROOT] : []);
  for (const id of moduleIds) {
    const [folder] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? [];
    if (folder !== undefined) folders.add(folder);
  }
  const holders = new Map<string, string[]>();
  for (const folder of folders) {
    const { name } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as { readonly name: string };
    const file = ["LICENSE", "license"].map((path) => `${folder}/${path}`).find((path) => existsSync(path));
    if (file === undefined) throw new Error(`${name} has no license file: it must not be in a bundle`);
    const [, title, copyright, terms] = /^(.+)\n+(Copyright .+)\n+([^]+)$/.exec(readFileSync(file, "utf8")) ?? [];
    if (title === undefined || copyright === undefined || terms === undefined)
      throw new Error(`no title, copyright and terms in ${file}`);
    const text = terms.replaceAll(/\s+/g, " ").trim();
    holders.set(text, [...(holders.get(text) ?? [title]), `${name}: ${copyright}`]);
  }
  return [...holders].map(([text, lines]) => `/*!\n${lines.join("\n")}\n\n${text}\n*/`).join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundleFolder("element.ts", "element");
  await bundleFolder("cli/main.ts", "cli");
  const path = `${ROOT}dist/element/ssetarget-element.js`;
  const code = await bundleElement();
  writeFileSync(path, code);
  console.log(`  ${path}: ${code.length} bytes, ${gzipSync(code, { level: 9 }).length} gzipped`);
}
