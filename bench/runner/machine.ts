import { spawnSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";
import type { Placement } from "./measure.ts";
import { allowOpenFiles } from "./open-files.ts";

/** The machine, as it stands above the results. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly kernel: string;
  readonly node: string;
}

export function thisMachine(): Machine {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    memoryGigabytes: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
  };
}

/** Where programs run, and what was not possible, in words. */
export interface PlacementPlan extends Placement {
  readonly maxConnections: number;
  readonly remarks: readonly string[];
}

/** Files enough for 10,000 connections; a core of its own for the load client, the others for the servers. */
export function placePrograms(): PlacementPlan {
  const wanted = 20_000;
  const { limit, prefix, complaint } = allowOpenFiles(wanted);
  const remarks = complaint === undefined ? [] : [complaint];
  const [load = 0] = loadavg();
  if (load > 0.5) remarks.push(`the machine was busy when this began (load ${load.toFixed(1)}): figures are noisy.`);
  const last = cpus().length - 1;
  const serverCores = last <= 1 ? "0" : `0-${last - 1}`;
  const canPin = last >= 1 && spawnSync("taskset", ["-c", serverCores, "true"]).status === 0;
  if (!canPin) remarks.push("server and load client share all cores: there is only one, or no `taskset`.");
  return {
    serverPrefix: [...prefix, ...(canPin ? ["taskset", "-c", serverCores] : [])],
    loadPrefix: prefix,
    loadCore: canPin ? last : undefined,
    maxConnections: Math.min(wanted, limit - 200),
    remarks,
  };
}
