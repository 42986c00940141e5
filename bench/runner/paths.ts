import { fileURLToPath } from "node:url";

/** The folder of the benchmark. */
export const BENCH = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
/** The repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
/** What the benchmark builds. */
export const BUILD = `${BENCH}/.build`;
