/**
 * The benchmark: how much CPU, memory and time it takes to deliver an event, by this library, by its peers, and by the
 * least that Node and the operating system can do it with. README.md says how it is measured and how noise is kept out.
 *
 *   npm run bench                     everything: about fifty minutes
 *   npm run bench -- --quick          does it all work? no claims
 *   npm run bench -- --only ssetarget-node --scenario fanout-1 --rounds 5
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { readArguments, USAGE, type BenchArguments } from "./runner/arguments.ts";
import { buildLibrary, buildNative, installPeers } from "./runner/build.ts";
import { killAll } from "./runner/child.ts";
import { goals } from "./runner/goals.ts";
import { placePrograms, thisMachine, type PlacementPlan } from "./runner/machine.ts";
import { measure } from "./runner/measure.ts";
import { BENCH, BUILD } from "./runner/paths.ts";
import { mainTable, REFERENCE, spreadLine, stalledTable } from "./runner/report.ts";
import { Results } from "./runner/results.ts";
import { scenarios, type Scenario } from "./runner/scenarios.ts";
import { SERVERS, takesPart, type ServerEntry } from "./runner/server-catalogue.ts";

process.once("exit", killAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();

async function main(): Promise<number> {
  const wanted = readArguments(process.argv.slice(2));
  if (wanted === undefined) {
    console.log(USAGE);
    return 0;
  }
  installPeers();
  buildLibrary();
  buildNative();
  const plan = placePrograms();
  const chosen = chosenScenarios(wanted, plan);
  const { servers, missing } = chosenServers(wanted, chosen);
  const results = await runAll(servers, chosen, wanted.rounds, plan);
  const remarks = [...plan.remarks, ...missing];
  const { text, isCorrect } = report(wanted, servers, chosen, results, remarks);
  console.log(`\n${text}`);
  mkdirSync(BUILD, { recursive: true });
  writeFileSync(`${BUILD}/last-run.json`, JSON.stringify({ machine: thisMachine(), wanted, results }, null, 2));
  if (wanted.isQuick || wanted.only.length > 0 || wanted.scenarios.length > 0) {
    console.log("(RESULTS.md stays as it is: this was not the whole benchmark)");
  } else {
    writeFileSync(`${BENCH}/RESULTS.md`, text);
  }
  return isCorrect ? 0 : 1;
}

function chosenScenarios(wanted: BenchArguments, plan: PlacementPlan): readonly Scenario[] {
  const all = scenarios(wanted.isQuick, plan.maxConnections);
  const unknown = wanted.scenarios.find((name) => !all.some((scenario) => scenario.name === name));
  if (unknown !== undefined) {
    throw new Error(`there is no scenario "${unknown}"; there are ${all.map(({ name }) => name).join(", ")}`);
  }
  return wanted.scenarios.length === 0 ? all : all.filter(({ name }) => wanted.scenarios.includes(name));
}

/** Those asked for, and those that ratios are taken to. */
function chosenServers(wanted: BenchArguments, chosen: readonly Scenario[]) {
  const references = new Set(chosen.map(({ name }) => REFERENCE[name]));
  const named = SERVERS.filter(
    ({ name }) => wanted.only.length === 0 || references.has(name) || wanted.only.some((part) => name.includes(part)),
  );
  const missing = named.flatMap((server) => {
    const why = server.isMissing?.();
    return why === undefined ? [] : [`${server.name} is left out: ${why}`];
  });
  return { servers: named.filter((server) => server.isMissing?.() === undefined), missing };
}

/** Round by round, scenario by scenario, server after server: what drifts on the machine hits all alike. */
async function runAll(
  servers: readonly ServerEntry[],
  chosen: readonly Scenario[],
  rounds: number,
  plan: PlacementPlan,
): Promise<Results> {
  const results = new Results();
  for (let round = 1; round <= rounds; round++) {
    for (const scenario of chosen) {
      for (const server of servers.filter((each) => takesPart(each, scenario.name))) {
        const label = `round ${round}/${rounds}  ${scenario.name.padEnd(9)} ${server.name.padEnd(22)}`;
        try {
          const measurement = await measure(server, scenario, plan);
          results.add(server, scenario, measurement);
          console.log(label, summary(measurement));
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          results.fail(server, scenario, why);
          console.log(label, `FAILED: ${why}`);
        }
      }
    }
  }
  return results;
}

function summary(measurement: object): string {
  return Object.entries(measurement)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => `${name} ${typeof value === "number" ? Number(value.toFixed(3)) : JSON.stringify(value)}`)
    .join("  ");
}

function report(
  wanted: BenchArguments,
  servers: readonly ServerEntry[],
  chosen: readonly Scenario[],
  results: Results,
  remarks: readonly string[],
): { readonly text: string; readonly isCorrect: boolean } {
  const { cpu, cores, memoryGigabytes, kernel, node } = thisMachine();
  const isHeld = (name: string) => servers.some((server) => server.name === name && server.kind !== "peer");
  const wrong = results.failures(isHeld);
  const wrongPeers = results.failures((name) => !isHeld(name));
  const ran = chosen.map(({ name }) => name);
  const judged = wanted.isQuick ? [] : goals(results).filter(({ met }) => met !== undefined);
  const missed = judged.filter(({ met }) => met === false);
  const deliveries = `${results.deliveries.toLocaleString("en")} deliveries`;
  const lines = [
    "# Results",
    "",
    "Written by `npm run bench`; README.md says how it is measured. Ratios in brackets are to raw Node: the server of one",
    "buffer per event, at ten a turn the coalescing one. CPU is the server's, kernel included, per delivered event.",
    "",
    `- date: ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`,
    `- machine: ${cpu}, ${cores} cores, ${memoryGigabytes} GB; Linux ${kernel}; Node ${node}`,
    `- ${wanted.rounds} round${wanted.rounds === 1 ? "" : "s"} in turn, medians. ${spreadLine(results, servers)}`,
    ...chosen.map(({ name, title }) => `- ${name}: ${title}`),
    ...remarks.map((remark) => `- ${remark}`),
    "",
    mainTable(results, servers, ran),
    "",
    "\\* did not keep up with the rate: its CPU was measured at what it came to. † deliveries were not right: see below.",
    "",
    stalledTable(results, servers),
    "",
    ...judged.map(({ text, met }) => `- ${met ? "met" : "**missed**"}: ${text}`),
    "",
    ...wrongPeers.map((what) => `- a peer: ${what}`),
    ...wrong.map((what) => `- **wrong**: ${what}`),
    "",
    `check: ${deliveries} read; ${wrong.length === 0 ? "ours and raw: every connection had every event once, in order" : `WRONG in ${wrong.length} places`}` +
      (judged.length === 0 ? "" : `; ${judged.length - missed.length} of ${judged.length} goals met`),
  ];
  const text = `${lines.join("\n").replaceAll(/\n{3,}/g, "\n\n")}\n`;
  return { text, isCorrect: wrong.length === 0 };
}
