import type { Figure, Results } from "./results.ts";
import type { ScenarioName } from "./scenarios.ts";
import type { ServerEntry } from "./server-catalogue.ts";

/** What ratios are taken to: the raw Node server that does the same work. */
export const REFERENCE: Readonly<Record<ScenarioName, string>> = {
  "fanout-1": "raw-node",
  "fanout-10": "raw-node-coalesced",
  latency: "raw-node",
  replay: "raw-node",
  streams: "raw-node",
  idle: "raw-node",
  stalled: "raw-node-coalesced",
};

type Cell = (results: Results, server: string) => string;

interface Column {
  readonly scenario: ScenarioName;
  readonly title: string;
  readonly cell: Cell;
}

const withRatio =
  (scenario: ScenarioName, figure: Figure): Cell =>
  (results, server) => {
    const value = results.figure(server, scenario, figure);
    if (value === undefined) return missing(results, server, scenario);
    const reference = results.figure(REFERENCE[scenario], scenario, figure);
    const ratio = reference === undefined ? "" : ` (${short(value / reference)}×)`;
    return `${short(value)}${ratio}${mark(results, server, scenario)}`;
  };

const COLUMNS: readonly Column[] = [
  { scenario: "fanout-1", title: "1 a turn, µs", cell: withRatio("fanout-1", "cpuUs") },
  { scenario: "fanout-10", title: "10 a turn, µs", cell: withRatio("fanout-10", "cpuUs") },
  { scenario: "replay", title: "replay, µs", cell: withRatio("replay", "cpuUs") },
  { scenario: "streams", title: "many streams, µs", cell: withRatio("streams", "cpuUs") },
  { scenario: "idle", title: "KB per idle connection", cell: withRatio("idle", "idleKilobytes") },
  {
    scenario: "idle",
    title: "idle CPU, % of a core",
    cell: (results, server) => results.figure(server, "idle", "idleCpuPercent")?.toFixed(2) ?? "–",
  },
  {
    scenario: "latency",
    title: "p50 / p99, ms",
    cell: (results, server) => {
      if (results.isSaturated(server, "latency")) return "saturated";
      const p50 = results.figure(server, "latency", "p50Ms");
      if (p50 === undefined) return missing(results, server, "latency");
      const p99 = results.figure(server, "latency", "p99Ms") ?? Number.NaN;
      const reference = results.figure(REFERENCE.latency, "latency", "p99Ms");
      const ratio = reference === undefined ? "" : ` (${short(p99 / reference)}×)`;
      return `${short(p50)} / ${short(p99)}${ratio}${mark(results, server, "latency")}`;
    },
  },
];

/** One row a server: CPU per delivered event, memory, latency; ratios to {@link REFERENCE}. */
export function mainTable(results: Results, servers: readonly ServerEntry[], ran: readonly ScenarioName[]): string {
  const columns = COLUMNS.filter(({ scenario }) => ran.includes(scenario));
  if (columns.length === 0) return "";
  const rows = servers.map((server) => [server.title, ...columns.map(({ cell }) => cell(results, server.name))]);
  return table(["server", ...columns.map(({ title }) => title)], rows);
}

/** One row a server: what connections that never read do to it and to the others. */
export function stalledTable(results: Results, servers: readonly ServerEntry[]): string {
  const taking = servers.filter(({ name }) => results.rounds(name, "stalled").length > 0);
  const rows = taking.map(({ name, title }) => {
    const [p50, p99] = [results.figure(name, "stalled", "p50Ms"), results.figure(name, "stalled", "p99Ms")];
    const [before50, before99] = [results.figureAllReading(name, "p50Ms"), results.figureAllReading(name, "p99Ms")];
    return [
      title,
      `${short(before50)} / ${short(before99)}`,
      `${short(p50)} / ${short(p99)} (${short((p99 ?? Number.NaN) / (before99 ?? Number.NaN))}×)`,
      short(results.figureAllReading(name, "grownMegabytes")),
      short(results.figure(name, "stalled", "grownMegabytes")) + mark(results, name, "stalled"),
    ];
  });
  if (rows.length === 0) return "";
  const headings = ["server", "all read: p50 / p99, ms", "1% stalled: p50 / p99 of the others, ms"];
  return table([...headings, "all read: MB grown", "1% stalled: MB grown"], rows);
}

/** How far rounds lie apart, at most and in the middle: how much of a ratio is noise. */
export function spreadLine(results: Results, servers: readonly ServerEntry[]): string {
  const spreads = servers
    .flatMap(({ name }) => (["fanout-1", "fanout-10"] as const).map((scenario) => results.spread(name, scenario)))
    .filter((spread) => spread !== undefined)
    .toSorted((a, b) => a - b);
  if (spreads.length === 0) return "One round only: nothing is known about the noise.";
  const percent = (value = 0) => `${(value * 100).toFixed(0)}%`;
  return (
    `Rounds lie apart by ${percent(spreads[Math.floor(spreads.length / 2)])} of the median in the middle case ` +
    `and by ${percent(spreads.at(-1))} at most (CPU per event, fan-out).`
  );
}

function missing(results: Results, server: string, scenario: ScenarioName): string {
  return results.failure(server, scenario) === undefined ? "–" : "failed";
}

/** Deliveries were not right in at least one round, or the server did not keep up. */
function mark(results: Results, server: string, scenario: ScenarioName): string {
  const isWrong = results.failure(server, scenario) !== undefined;
  return `${isWrong ? " †" : ""}${results.isSaturated(server, scenario) ? " *" : ""}`;
}

/** Two or three digits that mean something. */
export function short(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, index) =>
    Math.max(heading.length, ...rows.map((row) => (row[index] ?? "").length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(" | ")} |`;
  return [line(headings), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
