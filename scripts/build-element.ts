import { writeFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "vite";
import { ROOT } from "./run.ts";

/** The single file that a page can load as it is. */
const BUNDLE = `${ROOT}dist/element/ssetarget-element.js`;

/**
 * Bundles a module with all that it imports into one ES module, as small as it can be made.
 * @param entry - By default the elements.
 */
export async function bundleElement(entry = `${ROOT}src/element/index.ts`): Promise<string> {
  const result = await build({
    root: ROOT,
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    plugins: [shortStyles()],
    build: {
      write: false,
      target: "es2022",
      minify: true,
      modulePreload: false,
      rolldownOptions: {
        input: entry,
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
  return chunk.code;
}

/** Minifiers leave texts alone: style sheets are shortened here. */
function shortStyles(): Plugin {
  return {
    name: "short-styles",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("/src/element/")) return undefined;
      const short = code.replaceAll(
        /(\/\* css \*\/ `)([^`]*)/g,
        (_match, mark: string, text: string) => mark + shortCss(text),
      );
      // The package says so of the built module only, and defining the elements is what the sources are for, too.
      return { code: short, map: null, moduleSideEffects: id.endsWith("/index.ts") };
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
    .trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const code = await bundleElement();
  mkdirSync(dirname(BUNDLE), { recursive: true });
  writeFileSync(BUNDLE, code);
  console.log(`  ${BUNDLE}: ${code.length} bytes, ${gzipSync(code, { level: 9 }).length} gzipped`);
}
