import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/**
 * The layers of `src/`, from the bottom up. A row names a folder or a file and everything it may import: paths of `src/`,
 * each with all that lies below it, and other modules by their full names. A file belongs to the longest row that matches
 * it, and may always import the rest of its row.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  util: [],
  event: ["util"],
  wire: ["event", "util"],
  store: ["event", "util"],
  testing: ["store", "event", "util"],
  stream: ["store", "wire", "event", "util"],
  http: ["stream", "wire", "event", "util"],
  hub: ["http", "stream", "store", "wire", "event", "util"],
  "per-request": ["http", "wire", "event", "util"],
  generations: ["http", "event", "util"],
  destinations: ["event", "util"],
  node: ["per-request", "http", "wire", "event", "util", "node:http", "node:net"],
  "stores/sqlite": ["store", "event", "util", "node:fs"],
  "stores/redis": ["store", "event", "util", "node:crypto"],
  "stores/nats": ["store", "event", "util", "@nats-io/jetstream", "node:crypto"],
  trace: ["event", "util"],
  cloudflare: ["trace", "hub", "http", "store", "event", "util", "cloudflare:workers"],
  // `serveSSE` runs in any Worker: it may import types only from what needs `cloudflare:workers`.
  "cloudflare/serve-sse.ts": [
    "http/handled.ts",
    "cloudflare/instance-header.ts",
    "cloudflare/workflow-events.ts",
    "util",
  ],
  client: ["trace", "wire", "event", "util", "eventsource-parser"],
  react: ["client", "trace", "wire", "event", "util", "react"],
  element: ["client", "trace", "event", "util", "preact", "react"],
  cli: [
    "client",
    "trace",
    "event",
    "util",
    "node:events",
    "node:fs",
    "node:os",
    "node:process",
    "node:tty",
    "node:util",
    "string-width",
  ],
  // The entry points. No row names them, so nothing in src/ imports one.
  "index.ts": ["hub", "per-request", "http", "stream", "store", "event", "util"],
  "store.ts": ["store", "event", "util"],
  "adapter.ts": ["http", "wire"],
  "generations.ts": ["generations", "util"],
  "destinations.ts": ["destinations"],
  "node.ts": ["node"],
  "sqlite.ts": ["stores/sqlite"],
  "redis.ts": ["stores/redis"],
  "nats.ts": ["stores/nats"],
  "testing.ts": ["testing"],
  "trace.ts": ["trace"],
  "cloudflare.ts": ["cloudflare"],
  "cloudflare-sse.ts": ["cloudflare/serve-sse.ts"],
  "client.ts": ["client", "trace", "util"],
  "react.ts": ["react", "trace"],
  "element.ts": ["element", "client", "util"],
};

/** A source file: its path below `src/`, with slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** All files of a `src/` folder. */
export function readSources(folder: string): readonly SourceFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      path: path.slice(folder.length).replaceAll("\\", "/").replace(/^\//, ""),
      text: readFileSync(path, "utf8"),
    }));
}

/** What is wrong with the imports of these files, one sentence each. */
export function findLayerFaults(files: readonly SourceFile[], layers = LAYERS): readonly string[] {
  const paths = new Set(files.map(({ path }) => path));
  const faults: string[] = [];
  for (const { path, text } of files) {
    const row = rowOf(path, layers);
    if (row === undefined) {
      faults.push(`src/${path} belongs to no layer: add a row for it to scripts/layers.ts`);
      continue;
    }
    for (const specifier of importsOf(text)) {
      const imported = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier;
      if (specifier.startsWith(".") ? rowOf(imported, layers) === row && !isEntry(imported) : imported === row)
        continue;
      if (layers[row]?.some((allowed) => isBelow(imported, allowed))) continue;
      faults.push(
        `src/${path} imports ${paths.has(imported) ? `src/${imported}` : specifier}: not allowed in "${row}"`,
      );
    }
  }
  for (const row of Object.keys(layers)) {
    if (!files.some(({ path }) => isBelow(path, row))) faults.push(`"${row}" is a layer without files: remove its row`);
  }
  return faults;
}

/** The modules that a file imports or re-exports, types included. */
export function importsOf(text: string): readonly string[] {
  const code = text.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
  return [...code.matchAll(/(?:^|[^\w.$])(?:from|import)\s*\(?\s*"([^"\n]+)"/g)].map(
    ([, specifier]) => specifier ?? "",
  );
}

function rowOf(path: string, layers: Readonly<Record<string, readonly string[]>>): string | undefined {
  return Object.keys(layers)
    .filter((row) => isBelow(path, row))
    .toSorted((one, other) => other.length - one.length)[0];
}

function isBelow(path: string, row: string): boolean {
  return path === row || path.startsWith(`${row}/`);
}

function isEntry(path: string): boolean {
  return !path.includes("/");
}
