import { short } from "./report.ts";
import type { Figure, Results } from "./results.ts";
import type { ScenarioName } from "./scenarios.ts";

/** A figure to reach. `met` is undefined where a part of it was not measured. */
export interface Goal {
  readonly text: string;
  readonly met: boolean | undefined;
}

/** The figures to reach, from this run's medians alone. */
export function goals(results: Results): readonly Goal[] {
  const value = (server: string, scenario: ScenarioName, figure: Figure) => results.figure(server, scenario, figure);

  /** ours / reference shall be at most this. */
  const atMost = (ours: string, scenario: ScenarioName, figure: Figure, limit: number, reference: string): Goal => {
    const [a, b] = [value(ours, scenario, figure), value(reference, scenario, figure)];
    const ratio = a === undefined || b === undefined ? undefined : a / b;
    return {
      text: `${scenario}: ${ours} at most ${limit.toFixed(2)} × ${reference}: ${short(ratio)}`,
      met: ratio === undefined ? undefined : ratio <= limit,
    };
  };
  /** peer / ours shall be at least this. */
  const below = (ours: string, scenario: ScenarioName, times: number, peer: string): Goal => {
    const [a, b] = [value(ours, scenario, "cpuUs"), value(peer, scenario, "cpuUs")];
    const ratio = a === undefined || b === undefined ? undefined : b / a;
    return {
      text: `${scenario}: ${ours} below ${peer} by at least ${times} ×: ${short(ratio)}`,
      met: ratio === undefined ? undefined : ratio >= times,
    };
  };
  const absolute = (ours: string, figure: "idleKilobytes" | "idleCpuPercent", limit: number, unit: string): Goal => {
    const measured = value(ours, "idle", figure);
    return {
      text: `idle: ${ours} below ${limit} ${unit}: ${short(measured)}`,
      met: measured === undefined ? undefined : measured < limit,
    };
  };

  const socket = (ours: string): Goal[] => [
    atMost(ours, "fanout-1", "cpuUs", 1.1, "raw-node"),
    atMost(ours, "fanout-10", "cpuUs", 1.15, "raw-node-coalesced"),
    below(ours, "fanout-1", 1.2, "nchan"),
    below(ours, "fanout-10", 8, "nchan"),
    below(ours, "fanout-1", 2, "better-sse"),
    below(ours, "fanout-10", 8, "better-sse"),
    below(ours, "fanout-1", 10, "oselvar-ssetarget"),
    below(ours, "fanout-10", 70, "oselvar-ssetarget"),
  ];
  return [
    ...socket("ssetarget-node"),
    ...socket("ssetarget-hono-socket"),
    atMost("ssetarget-node", "replay", "cpuUs", 1.3, "raw-node"),
    atMost("ssetarget-node", "idle", "idleKilobytes", 1.1, "raw-node"),
    absolute("ssetarget-node", "idleKilobytes", 12, "KB"),
    // A keep-alive comment to each of 10,000 quiet connections every 15 s is 0.5% of a core; a timer each would be 6 to 11%.
    absolute("ssetarget-node", "idleCpuPercent", 1, "% of a core"),
    atMost("ssetarget-node", "latency", "p99Ms", 1.25, "raw-node"),
    atMost("ssetarget-hub", "streams", "cpuUs", 1.15, "raw-node"),
    atMost("ssetarget-fetch", "fanout-1", "cpuUs", 1.15, "bare-readable-stream"),
    atMost("ssetarget-fetch", "fanout-10", "cpuUs", 1.15, "bare-readable-stream"),
    below("ssetarget-fetch", "fanout-1", 3, "hono-stream-sse"),
    below("ssetarget-fetch", "fanout-10", 15, "hono-stream-sse"),
    ...["ssetarget-node", "ssetarget-fetch"].map((ours) => stalledLatency(results, ours)),
    stalledMemory(results, "ssetarget-node"),
  ];
}

/** "No more latency than without": within what two runs of the same differ by. */
function stalledLatency(results: Results, ours: string): Goal {
  const [after, before] = [results.figure(ours, "stalled", "p99Ms"), results.figureAllReading(ours, "p99Ms")];
  const ratio = after === undefined || before === undefined ? undefined : after / before;
  return {
    text: `stalled: p99 of those that read, ${ours}, at most 1.15 × that without: ${short(ratio)}`,
    met: ratio === undefined ? undefined : ratio <= 1.15,
  };
}

/** A connection may keep what its socket buffers and one piece of at most 64 KiB; the noise of a heap comes to more. */
function stalledMemory(results: Results, ours: string): Goal {
  const [after, before] = [
    results.figure(ours, "stalled", "grownMegabytes"),
    results.figureAllReading(ours, "grownMegabytes"),
  ];
  const more = after === undefined || before === undefined ? undefined : after - before;
  return {
    text: `stalled: memory of ${ours} grows by at most 16 MB more than without: ${short(more)} MB`,
    met: more === undefined ? undefined : more <= 16,
  };
}
