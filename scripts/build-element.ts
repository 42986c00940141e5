import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "vite";
import { ROOT } from "./run.ts";

/** The single file that a page can load as it is. */
const BUNDLE = `${ROOT}dist/element/ssetarget-element.js`;

/**
 * What comes first in the bundle. Compression finds what repeats within 32 KB: style sheets, texts and code each compress
 * better beside their like.
 */
const FIRST = [
  ...["styles", "trace-style", "tree-style", "row-style", "details-style", "progress-style", "english", "icons"].map(
    (name) => `src/element/${name}.ts`,
  ),
  "src/client/watch-trace.ts",
];

/** Whose code is in the bundle, and where their license is. */
const LICENSES = { ssetarget: "LICENSE", "eventsource-parser": "node_modules/eventsource-parser/LICENSE" };

/**
 * Bundles a module with all that it imports into one ES module, as small as it can be made.
 * @param entry - By default the elements.
 */
export async function bundleElement(entry = `${ROOT}src/element.ts`): Promise<string> {
  const result = await build({
    root: ROOT,
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    plugins: [groupModules(entry), shortStyles(), checkLicenses()],
    build: {
      write: false,
      target: "es2022",
      minify: true,
      modulePreload: false,
      rolldownOptions: {
        input: GROUPED,
        preserveEntrySignatures: "strict",
        output: { format: "es", minify: true, codeSplitting: false },
      },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (output === undefined || !("output" in output)) throw new Error("vite answered with no output");
  const [chunk, ...others] = output.output;
  if (others.length > 0)
    throw new Error(`the bundle is not one file: ${others.map(({ fileName }) => fileName).join(", ")}`);
  return `${licenseComment()}\n${chunk.code}`;
}

const GROUPED = "\0grouped";

/** An entry that loads {@link FIRST} before the rest. */
function groupModules(entry: string): Plugin {
  const first = FIRST.map((path) => `import "${ROOT}${path}";`);
  return {
    name: "group-modules",
    resolveId: (id) => (id === GROUPED ? id : undefined),
    load: (id) => (id === GROUPED ? [...first, `export * from "${entry}";`].join("\n") : undefined),
  };
}

/** Nothing of others gets into the bundle without its license. */
function checkLicenses(): Plugin {
  return {
    name: "check-licenses",
    generateBundle() {
      for (const id of this.getModuleIds()) {
        const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(id)?.[1];
        if (name !== undefined && !(name in LICENSES))
          throw new Error(`the bundle has code of ${name}: add its license to LICENSES in scripts/build-element.ts`);
      }
    },
  };
}

/** The licenses of all that is in the bundle; a text that several have is there once. */
function licenseComment(): string {
  const holders = new Map<string, string[]>();
  for (const [name, path] of Object.entries(LICENSES)) {
    const [, title, copyright, terms] =
      /^(.+)\n+(Copyright .+)\n+([^]+)$/.exec(readFileSync(ROOT + path, "utf8")) ?? [];
    if (title === undefined || copyright === undefined || terms === undefined)
      throw new Error(`no title, copyright and terms in ${path}`);
    const text = `${title}\n\n${terms.replaceAll(/\s+/g, " ").trim()}`;
    holders.set(text, [...(holders.get(text) ?? []), `${name}: ${copyright}`]);
  }
  return [...holders].map(([text, names]) => `/*!\n${names.join("\n")}\n\n${text}\n*/`).join("\n");
}

/** Minifiers leave texts alone: style sheets are shortened here. */
function shortStyles(): Plugin {
  return {
    name: "short-styles",
    enforce: "pre",
    transform(code, id) {
      if (!/\/src\/element[./]/.test(id)) return undefined;
      const short = code.replaceAll(
        /(\/\* css \*\/ `)([^`]*)/g,
        (_match, mark: string, text: string) => mark + shortCss(text),
      );
      // The package says so of the built module only, and defining the elements is what the sources are for, too.
      return { code: short, map: null, moduleSideEffects: id.endsWith("/src/element.ts") };
    },
  };
}

function shortCss(text: string): string {
  return text
    .replaceAll(/\/\*[^]*?\*\//g, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ ?([{};,>]) ?/g, "$1")
    .replaceAll(/([:(]) /g, "$1")
    .replaceAll(" )", ")")
    .replaceAll(/(?<=[ :,(])0\.(?=\d)/g, ".")
    .replaceAll(";}", "}")
    .replaceAll(/(?<=\[[\w-]+=)"(\w+)"(?=\])/g, "$1")
    .trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const code = await bundleElement();
  mkdirSync(dirname(BUNDLE), { recursive: true });
  writeFileSync(BUNDLE, code);
  console.log(`  ${BUNDLE}: ${code.length} bytes, ${gzipSync(code, { level: 9 }).length} gzipped`);
}
