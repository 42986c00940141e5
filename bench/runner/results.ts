import { median } from "./median.ts";
import type { Measurement } from "./measure.ts";
import type { Scenario, ScenarioName } from "./scenarios.ts";
import type { ServerEntry } from "./server-catalogue.ts";

/** The numbers of a measurement that a median is taken of. */
export type Figure = "cpuUs" | "p50Ms" | "p99Ms" | "idleKilobytes" | "idleCpuPercent" | "grownMegabytes";

/** All measurements of one run: every figure here is a median over its rounds. */
export class Results {
  readonly #measurements = new Map<string, Measurement[]>();
  readonly #failures = new Map<string, string>();

  add(server: ServerEntry, scenario: Scenario, measurement: Measurement): void {
    const key = `${scenario.name} ${server.name}`;
    const list = this.#measurements.get(key) ?? [];
    list.push(measurement);
    this.#measurements.set(key, list);
    if (measurement.wrong !== undefined) this.fail(server, scenario, measurement.wrong);
  }

  fail(server: ServerEntry, scenario: Scenario, why: string): void {
    const key = `${scenario.name} ${server.name}`;
    if (!this.#failures.has(key)) this.#failures.set(key, why);
  }

  /** What went wrong there first, in words. */
  failure(server: string, scenario: ScenarioName): string | undefined {
    return this.#failures.get(`${scenario} ${server}`);
  }

  rounds(server: string, scenario: ScenarioName): readonly Measurement[] {
    return this.#measurements.get(`${scenario} ${server}`) ?? [];
  }

  figure(server: string, scenario: ScenarioName, figure: Figure): number | undefined {
    return median(this.rounds(server, scenario).map((measurement) => measurement[figure]));
  }

  /** The same of a scenario's run in which every client reads. */
  figureAllReading(server: string, figure: "p50Ms" | "p99Ms" | "grownMegabytes"): number | undefined {
    return median(this.rounds(server, "stalled").map(({ allReading }) => allReading?.[figure]));
  }

  isSaturated(server: string, scenario: ScenarioName): boolean {
    const rounds = this.rounds(server, scenario);
    return rounds.filter((round) => round.isSaturated).length * 2 > rounds.length;
  }

  /** How far the rounds lie apart: (greatest − least) / median of the CPU time per event. */
  spread(server: string, scenario: ScenarioName): number | undefined {
    const values = this.rounds(server, scenario).flatMap(({ cpuUs }) => (cpuUs === undefined ? [] : [cpuUs]));
    const middle = median(values);
    return middle === undefined || values.length < 2 ? undefined : (Math.max(...values) - Math.min(...values)) / middle;
  }

  get deliveries(): number {
    let sum = 0;
    for (const list of this.#measurements.values()) for (const { deliveries } of list) sum += deliveries;
    return sum;
  }

  /** "scenario server: what", for servers that `matters` is true of. */
  failures(matters: (server: string) => boolean): readonly string[] {
    return [...this.#failures]
      .filter(([key]) => matters(key.split(" ")[1] ?? ""))
      .map(([key, why]) => `${key.replace(" ", ", ")}: ${why}`);
  }

  toJSON(): unknown {
    return { measurements: Object.fromEntries(this.#measurements), failures: Object.fromEntries(this.#failures) };
  }
}
