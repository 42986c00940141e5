#!/usr/bin/env node
import { readFileSync } from "node:fs";
import process from "node:process";
import { readArguments, UsageError } from "./arguments.ts";
import { HELP } from "./help-text.ts";
import { tail } from "./tail.ts";

const EXIT_USAGE = 2;

async function run(): Promise<number> {
  try {
    const request = readArguments(process.argv.slice(2), process.env);
    switch (request.type) {
      case "help":
        process.stdout.write(HELP);
        return 0;
      case "version":
        process.stdout.write(`${version()}\n`);
        return 0;
      case "tail":
        return await tail(request.tail);
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\nRun \`ssetarget --help\` for usage.\n`);
    return EXIT_USAGE;
  }
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

const exitCode = await run();
// Not before everything is written: to a pipe that may take a while.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
