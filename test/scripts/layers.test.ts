import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findLayerFaults, importsOf, LAYERS, readSources } from "../../scripts/layers.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const sources = readSources(`${ROOT}src`);

/** The faults that one more file would bring. */
function faultsWith(path: string, text: string): readonly string[] {
  return findLayerFaults([...sources.filter((file) => file.path !== path), { path, text }]);
}

describe("the layers of src/", () => {
  it("import downwards only", () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(findLayerFaults(sources)).toEqual([]);
  });

  it.each([
    ["a store that imports a feed", "store/wrong.ts", 'import { Feed } from "../stream/feed.ts";'],
    ["the core with Node's modules", "stream/wrong.ts", 'import { once } from "node:events";'],
    ["a type from above", "event/wrong.ts", 'import type { Feed } from "../stream/feed.ts";'],
    ["a dynamic import", "trace/wrong.ts", 'const target = await import("../hub/sse-target.ts");'],
    ["a type of an import", "http/wrong.ts", 'type Target = import("../hub/sse-target.ts").SSETarget;'],
    ["a re-export", "client/wrong.ts", 'export { Feed } from "../stream/feed.ts";'],
    ["an import on several lines", "wire/wrong.ts", 'import {\n  Feed,\n  type Page,\n} from "../stream/feed.ts";'],
    ["an import for its effects", "util/wrong.ts", 'import "../element.ts";'],
    ["an entry point", "stream/wrong.ts", 'import { SSETarget } from "../index.ts";'],
    ["an entry point that imports another", "client.ts", 'export { SpanTree } from "./trace.ts";'],
    ["the package by its name", "cli/wrong.ts", 'import { connect } from "ssetarget/client";'],
    ["a package of another layer", "client/wrong.ts", 'import { useState } from "react";'],
    ["the Workers' own module in serveSSE", "cloudflare/serve-sse.ts", 'import { env } from "cloudflare:workers";'],
  ])("refuse %s", (_what, path, text) => {
    expect(faultsWith(path, text)).toEqual([expect.stringContaining(`src/${path} imports `)]);
  });

  it("have a row for every folder and entry, and no row without files", () => {
    expect(faultsWith("elsewhere/file.ts", "")).toEqual([expect.stringContaining("belongs to no layer")]);
    expect(faultsWith("extra.ts", "")).toEqual([expect.stringContaining("belongs to no layer")]);
    expect(findLayerFaults(sources, { ...LAYERS, gone: [] })).toEqual([expect.stringContaining("without files")]);
  });

  it("name every entry point of package.json", () => {
    const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as {
      exports: Record<string, string | Record<string, string>>;
    };
    const entries = Object.values(exports).flatMap((entry) =>
      typeof entry === "string" ? [] : [entry["ssetarget-source"]?.replace("./src/", "")],
    );
    const rows = Object.keys(LAYERS).filter((row) => row.endsWith(".ts") && !row.includes("/"));
    expect(new Set(entries)).toEqual(new Set(rows));
  });

  it("are read from code, not from comments", () => {
    const text = '/** import { a } from "b"; */\n// import "c";\nexport { d } from "e";\nimport f from "g";';
    expect(importsOf(text)).toEqual(["e", "g"]);
  });
});
