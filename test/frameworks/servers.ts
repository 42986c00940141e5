import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const bin = (name: string) => `${HERE}node_modules/.bin/${name}`;

/** A framework or runtime, and how its server is started. */
export interface ServerEntry {
  /** As the table in docs/frameworks.md has it. */
  readonly title: string;
  /** The door that it uses. */
  readonly door: "toNodeHandler" | "fetch";
  readonly command: readonly string[];
  readonly isHttp2?: boolean;
}

const node = (file: string, binary = process.execPath) => [binary, `${HERE}servers/${file}.ts`];

export const SERVERS: readonly ServerEntry[] = [
  {
    title: "node:http, Node 22",
    door: "toNodeHandler",
    command: node("node-http", `${HERE}node_modules/node22/bin/node`),
  },
  { title: "node:http, Node 24", door: "toNodeHandler", command: node("node-http") },
  {
    title: "node:http, Node 26",
    door: "toNodeHandler",
    command: node("node-http", `${HERE}node_modules/node26/bin/node`),
  },
  { title: "node:http2", door: "toNodeHandler", command: node("node-http2"), isHttp2: true },
  { title: "Express 5", door: "toNodeHandler", command: node("express") },
  { title: "Express 5 with compression", door: "toNodeHandler", command: node("express-compression") },
  { title: "Fastify 5", door: "toNodeHandler", command: node("fastify") },
  { title: "Koa 3", door: "toNodeHandler", command: node("koa") },
  { title: "NestJS 12", door: "toNodeHandler", command: node("nest") },
  { title: "Hono 4 on Node, by the socket", door: "toNodeHandler", command: node("hono-socket") },
  { title: "Hono 4 on Node", door: "fetch", command: node("hono-fetch") },
  { title: "h3 2 on Node", door: "fetch", command: node("h3") },
  { title: "Next.js 16 on Node", door: "fetch", command: node("next/start") },
  { title: "SvelteKit 3 on Node", door: "fetch", command: node("sveltekit/start") },
  { title: "Deno 2.9", door: "fetch", command: [bin("deno"), "run", "--allow-all", `${HERE}servers/deno.ts`] },
  {
    title: "Oak 14 on Deno",
    door: "fetch",
    command: [bin("deno"), "run", "--allow-all", `${HERE}servers/oak.ts`],
  },
  { title: "Bun 1.4", door: "fetch", command: [bin("bun"), `${HERE}servers/bun.ts`] },
  { title: "workerd (a Durable Object)", door: "fetch", command: node("workerd/start") },
];

/** Throws in words where the frameworks are not there. */
export function requireFrameworks(): void {
  if (existsSync(bin("deno")) && existsSync(`${HERE}node_modules/ssetarget`)) return;
  throw new Error("the frameworks are not installed; `npm test` does it, or `node scripts/frameworks.ts`");
}
