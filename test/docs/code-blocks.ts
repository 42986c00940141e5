import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** How a block of code in the documents is proved. */
export type Proof =
  /** Compiled, and run by Node against the built package. */
  | "run"
  /** Compiled only: it needs a service or a browser. */
  | "types"
  /** Compiled against the types of Workers. */
  | "cloudflare"
  /** Its lines are lines of a file that is run elsewhere. */
  | "from";

/** A program made of one or more blocks of a document. */
export interface CodeBlock {
  readonly file: string;
  readonly line: number;
  /** ts or tsx */
  readonly language: string;
  readonly proof: Proof;
  readonly code: string;
  /** The file that the lines are from. */
  readonly source: string | undefined;
}

/**
 * The TypeScript blocks of README.md and docs/. A comment right above a block, which readers do not see, says how it differs
 * from a program of its own:
 *
 *     <!-- code: types -->                      compiled only
 *     <!-- code: cloudflare -->                 compiled against the types of Workers
 *     <!-- code: from path/of/a/file.ts -->     each line is one of that file, which some test runs
 *     <!-- code: after -->                      goes on where the block before it ended
 *     <!-- code: given declare const x: T; -->  what the text has said before, as code
 */
export function codeBlocks(): readonly CodeBlock[] {
  const files = [
    "README.md",
    ...readdirSync(`${ROOT}/docs`, { recursive: true, encoding: "utf8" }).map((f) => `docs/${f}`),
  ];
  return files
    .filter((file) => file.endsWith(".md"))
    .toSorted()
    .flatMap(blocksOf);
}

function blocksOf(file: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = readFileSync(`${ROOT}/${file}`, "utf8").split("\n");
  for (let index = 0; index < lines.length; index++) {
    const language = /^```(tsx?)\s*$/.exec(lines[index] ?? "")?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf("```", index);
    const code = lines.slice(index + 1, end).join("\n");
    const directives = directivesAbove(lines, index);
    const given = directives.flatMap((each) => (each.startsWith("given ") ? [each.slice(6)] : [])).join("\n");
    const source = directives.find((each) => each.startsWith("from "))?.slice(5);
    const named = directives.find((each) => each === "types" || each === "cloudflare") as Proof | undefined;
    const proof = source === undefined ? named : "from";
    const before = directives.includes("after") ? blocks.pop() : undefined;
    blocks.push({
      file,
      line: before?.line ?? index + 1,
      language,
      proof: proof ?? before?.proof ?? "run",
      source,
      code: [before?.code, given, code].filter(Boolean).join("\n"),
    });
    index = end;
  }
  return blocks;
}

/** The comments that stand above a line, with nothing but empty lines between. */
function directivesAbove(lines: readonly string[], index: number): string[] {
  const found: string[] = [];
  for (let above = index - 1; above >= 0; above--) {
    const line = lines[above] ?? "";
    const directive = /^<!-- code: (.+) -->$/.exec(line)?.[1];
    if (directive !== undefined) found.unshift(directive);
    else if (line !== "") break;
  }
  return found;
}
