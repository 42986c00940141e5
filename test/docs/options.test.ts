import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ROOT } from "./code-blocks.ts";

const SOURCES = readdirSync(`${ROOT}/src`, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(`${ROOT}/src/${file}`, "utf8"));
const PAGE = readFileSync(`${ROOT}/docs/options.md`, "utf8");

/** The options of an interface with their defaults, as their docstrings state them. */
function declared(name: string): Readonly<Record<string, string>> {
  const source = SOURCES.find((text) => text.includes(`export interface ${name}`)) ?? "";
  const [body = ""] = source.slice(source.indexOf(`export interface ${name}`)).split("\n}");
  const options = body.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*readonly (\w+)\?:/g);
  return Object.fromEntries(
    [...options].map(([, doc = "", option = ""]) => [option, comparable(/@defaultValue (\S+)/.exec(doc)?.[1])]),
  );
}

/** The options of a section's table with their defaults. */
function documented(heading: string): Readonly<Record<string, string>> {
  const [, section = ""] = PAGE.split(`## ${heading}\n`);
  const [table = ""] = section.split("\n## ");
  const rows = table.matchAll(/^\| `(\w+)` \|[^|]*\| ([^|]*) \|/gm);
  return Object.fromEntries([...rows].map(([, option = "", value]) => [option, comparable(value)]));
}

/** Numbers and `null` are compared; other defaults are prose on both sides. */
function comparable(value = ""): string {
  const plain = value.replaceAll(/[`_,:]/g, "");
  return /^(\d+|null)$/.test(plain) ? plain : "prose";
}

describe("docs/options.md", () => {
  it.for([
    ["SSETargetOptions", "Targets and hubs"],
    ["SSEHubOptions", "Hubs only"],
    ["CloseOptions", "Closing"],
  ] as const)("lists the options of %s with their defaults", ([name, heading]) => {
    expect(Object.keys(declared(name)).length).toBeGreaterThan(1);
    expect(documented(heading)).toEqual(declared(name));
  });
});
