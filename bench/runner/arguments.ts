import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface BenchArguments {
  readonly isQuick: boolean;
  /** Parts of server names; empty: all. */
  readonly only: readonly string[];
  /** Names of scenarios; empty: all. */
  readonly scenarios: readonly string[];
  readonly rounds: number;
}

export const USAGE = `npm run bench -- [options]
  --quick             a short form (under two minutes): does everything work? no claims
  --only <text>       only servers whose name contains the text (several: a,b), and the raw ones they are compared with
  --scenario <name>   only this scenario (several: a,b)
  --rounds <n>        rounds over all servers; the medians count (default 3, with --quick 1)
  --help`;

/** Reads the command line; `undefined` where only help is wanted. Throws where it makes no sense. */
export function readArguments(argv: readonly string[]): BenchArguments | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      scenario: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds must be a whole number from 1, got ${values.rounds}`);
  const split = (texts: readonly string[]) => texts.flatMap((text) => text.split(",")).filter((text) => text !== "");
  return { isQuick: values.quick, only: split(values.only), scenarios: split(values.scenario), rounds };
}
