import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { BENCH, BUILD, ROOT } from "./paths.ts";

/** Runs a command to its end. Throws where it fails, with what to do about it. */
function run(command: string, arguments_: readonly string[], folder: string): void {
  const { status, error } = spawnSync(command, arguments_, { cwd: folder, stdio: "inherit" });
  if (error !== undefined || status !== 0) {
    throw new Error(
      `\`${command} ${arguments_.join(" ")}\` in ${folder} has failed${error ? `: ${error.message}` : ""}`,
    );
  }
}

/** The peers, as the lock file of the benchmark has them. */
export function installPeers(): void {
  if (existsSync(`${BENCH}/node_modules/.package-lock.json`)) return;
  run("npm", ["ci", "--no-audit", "--no-fund"], BENCH);
}

/** The library, from this working tree. */
export function buildLibrary(): void {
  run(process.execPath, ["scripts/build.ts"], ROOT);
}

/** The load client and the C server; the client is what nothing works without. */
export function buildNative(): void {
  const compiler = compilerHere() ?? installedCompiler();
  if (compiler === undefined) {
    throw new Error(
      "the load client is written in C, and there is no C compiler (Debian: apt-get install gcc libc6-dev)",
    );
  }
  mkdirSync(BUILD, { recursive: true });
  for (const program of ["load-client", "raw-server"]) {
    run(compiler, ["-O2", "-Wall", "-Wextra", "-o", `${BUILD}/${program}`, `${BENCH}/native/${program}.c`], BENCH);
  }
}

const compilerHere = (): string | undefined =>
  ["cc", "gcc", "clang"].find((name) => spawnSync(name, ["--version"]).status === 0);

/** Where it may: a machine made for such runs. */
function installedCompiler(): string | undefined {
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) return undefined;
  const apt =
    "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends gcc libc6-dev";
  spawnSync("sh", ["-c", apt], { stdio: "inherit" });
  return compilerHere();
}
