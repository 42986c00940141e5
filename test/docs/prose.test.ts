import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./code-blocks.ts";

const MAX_COLUMNS = 120;
/** Words that a web developer has to read twice; the usual ones are "again", "forever", "must" and "is dropped". */
const UNUSUAL = /\b(anew|for ever|shall|how-manieth|nobody|whoever comes|is told|are told|be told)\b/i;

const FILES = [
  ...readdirSync(ROOT).filter((file) => file !== "CHANGELOG.md"),
  ...readdirSync(`${ROOT}/docs`, { recursive: true, encoding: "utf8" }).map((file) => `docs/${file}`),
].filter((file) => file.endsWith(".md"));

interface Line {
  readonly number: number;
  readonly text: string;
}

/** The lines of a document outside its blocks of code. */
function proseOf(file: string): readonly Line[] {
  let isCode = false;
  return readFileSync(join(ROOT, file), "utf8")
    .split("\n")
    .map((text, index) => ({ number: index + 1, text }))
    .filter(({ text }) => {
      const isFence = text.startsWith("```");
      if (isFence) isCode = !isCode;
      return !isFence && !isCode && !text.startsWith("    ") && !text.startsWith("<!--");
    });
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(file: string): ReadonlySet<string> {
  const headings = proseOf(file).filter(({ text }) => /^#+ /.test(text));
  return new Set(
    headings.map(({ text }) =>
      text
        .replace(/^#+ /, "")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function isBroken(file: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? file : join(dirname(file), path);
  if (!existsSync(join(ROOT, target))) return true;
  return anchor !== undefined && !anchorsOf(target).has(anchor);
}

describe.each(FILES)("%s", (file) => {
  it(`wraps at ${MAX_COLUMNS} columns, tables and images apart`, () => {
    const long = proseOf(file).filter(({ text }) => text.length > MAX_COLUMNS && !/^[|!<]/.test(text));
    expect(long).toEqual([]);
  });

  it("uses the usual words", () => {
    expect(proseOf(file).filter(({ text }) => UNUSUAL.test(text))).toEqual([]);
  });

  it("links to files and headings that exist", () => {
    const links = proseOf(file).flatMap(({ number, text }) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => ({ number, link })),
    );
    const local = links.filter(({ link }) => !/^[a-z]+:/.test(link));
    expect(local.filter(({ link }) => isBroken(file, link))).toEqual([]);
  });
});

describe("ARCHITECTURE.md", () => {
  it("names files that exist", () => {
    const paths = [
      ...readFileSync(`${ROOT}/ARCHITECTURE.md`, "utf8").matchAll(/`((?:src|test|scripts|types)\/[\w./-]+)`/g),
    ];
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.map(([, path = ""]) => path).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe("docs/README.md", () => {
  it("links to every page", () => {
    const index = readFileSync(`${ROOT}/docs/README.md`, "utf8");
    const pages = FILES.filter((file) => file.startsWith("docs/") && file !== "docs/README.md");
    expect(pages.filter((page) => !index.includes(`](${page.slice("docs/".length)})`))).toEqual([]);
  });
});
