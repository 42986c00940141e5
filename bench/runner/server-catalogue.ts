import { existsSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { BENCH, BUILD } from "./paths.ts";
import type { ScenarioName } from "./scenarios.ts";

/** What a server is to the comparison. */
export type ServerKind = "floor" | "limit" | "ours" | "peer";

/** A server that can be measured. */
export interface ServerEntry {
  readonly name: string;
  readonly title: string;
  readonly kind: ServerKind;
  /** Its program; the number of streams is added. */
  readonly command: readonly string[];
  /** The scenarios it takes part in; all that it can, where absent. */
  readonly scenarios?: readonly ScenarioName[];
  /** In words, where it cannot be run here. */
  readonly isMissing?: () => string | undefined;
}

const node = (file: string) => [process.execPath, "--expose-gc", `${BENCH}/servers/${file}.ts`];
const ALL = ["fanout-1", "fanout-10", "latency", "replay", "idle", "streams"] as const;
const AND_STALLED = [...ALL, "stalled"] as const;

export const SERVERS: readonly ServerEntry[] = [
  {
    name: "raw-c",
    title: "C, epoll, bytes made once (the floor)",
    kind: "floor",
    command: [`${BUILD}/raw-server`],
    scenarios: AND_STALLED,
    isMissing: () => (existsSync(`${BUILD}/raw-server`) ? undefined : "there is no C compiler"),
  },
  {
    name: "raw-node",
    title: "Node, `socket.write` of one shared, framed buffer per event",
    kind: "limit",
    command: node("raw-node"),
  },
  {
    name: "raw-node-coalesced",
    title: "the same, one buffer per turn",
    kind: "limit",
    command: node("raw-node-coalesced"),
    scenarios: AND_STALLED,
  },
  {
    name: "raw-node-reswrite",
    title: "Node, `response.write`, chunked",
    kind: "limit",
    command: node("raw-node-reswrite"),
  },
  {
    name: "bare-readable-stream",
    title: "a bare ReadableStream behind Hono, one enqueue per turn",
    kind: "limit",
    command: node("bare-readable-stream"),
  },
  {
    name: "ssetarget-node",
    title: "**ssetarget** on Node",
    kind: "ours",
    command: node("ssetarget-node"),
    scenarios: AND_STALLED,
  },
  { name: "ssetarget-hub", title: "**ssetarget** on Node, a hub", kind: "ours", command: node("ssetarget-hub") },
  {
    name: "ssetarget-hono-socket",
    title: "**ssetarget** behind Hono, by the socket",
    kind: "ours",
    command: node("ssetarget-hono-socket"),
  },
  {
    name: "ssetarget-hono",
    title: "**ssetarget** behind Hono, by `fetch`",
    kind: "ours",
    command: node("ssetarget-hono"),
  },
  {
    name: "ssetarget-fetch",
    title: "**ssetarget**, `fetch` alone",
    kind: "ours",
    command: node("ssetarget-fetch"),
    scenarios: AND_STALLED,
  },
  {
    name: "nchan",
    title: "Nchan in nginx (C)",
    kind: "peer",
    command: node("nchan"),
    isMissing: () =>
      existsSync("/usr/lib/nginx/modules/ngx_nchan_module.so") && spawnSync("nginx", ["-v"]).status === 0
        ? undefined
        : "nginx with Nchan is not installed (Debian: apt-get install nginx libnginx-mod-nchan)",
  },
  { name: "fastify-sse", title: "@fastify/sse 0.6.0", kind: "peer", command: node("fastify-sse") },
  { name: "better-sse", title: "better-sse 0.16.1", kind: "peer", command: node("better-sse") },
  { name: "fastify-sse-v2", title: "fastify-sse-v2 4.2.2", kind: "peer", command: node("fastify-sse-v2") },
  { name: "hono-stream-sse", title: "Hono 4.13.19 `streamSSE`", kind: "peer", command: node("hono-stream-sse") },
  {
    name: "oselvar-ssetarget",
    title: "@oselvar/ssetarget 4.0.5 (the original)",
    kind: "peer",
    command: node("oselvar-ssetarget"),
  },
];

/** Whether the server is measured in this scenario. */
export function takesPart(server: ServerEntry, scenario: ScenarioName): boolean {
  return (server.scenarios ?? ALL).includes(scenario as (typeof ALL)[number]);
}
