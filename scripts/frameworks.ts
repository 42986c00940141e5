import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { ROOT } from "./run.ts";

const FOLDER = `${ROOT}test/frameworks`;
/** What was installed last, so that it is done again when it is another. */
const STAMP = `${FOLDER}/node_modules/.installed-lock`;

/** Installs the frameworks and runtimes of the matrix, where they are not there yet: a minute, and a gigabyte of disk. */
export function installFrameworks(): void {
  const lock = readFileSync(`${FOLDER}/package-lock.json`, "utf8");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === lock) return;
  console.log("\n› install the frameworks and runtimes of the matrix (npm ci in test/frameworks)");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: FOLDER, stdio: "inherit" });
  // The package itself, as a user has it; a dependency on "../.." would bring all of its own into the lock.
  symlinkSync("../../..", `${FOLDER}/node_modules/ssetarget`, "dir");
  writeFileSync(STAMP, lock);
}

if (process.argv[1] === import.meta.filename) installFrameworks();
