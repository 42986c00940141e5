import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Runs a program of node_modules/.bin (or of the system) in the repository; `false` where it failed. */
export async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`${command}: ${error.message}; has \`npm ci\` been run?`);
      resolve(false);
    });
    child.on("exit", (code) => resolve(code === 0));
  });
}

/** Runs steps one after the other, saying which; ends the process at the first that fails. */
export async function runSteps(
  steps: readonly (readonly [name: string, command: string, ...args: string[]])[],
): Promise<void> {
  for (const [name, command, ...args] of steps) {
    const startMs = performance.now();
    console.log(`\n› ${name}`);
    if (!(await run(command, args))) {
      console.error(`\n✗ ${name} failed: ${command} ${args.join(" ")}`);
      process.exit(1);
    }
    console.log(`  ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  }
}

/** Ends the process in words where it is not run by a Node that is new enough. */
export function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return;
  console.error(
    `This needs Node 22.18 or newer, and runs on ${process.versions.node}. The development dependencies bring one: run it with \`npm run …\` after \`npm ci\`.`,
  );
  process.exit(1);
}
