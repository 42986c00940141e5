import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** How programs are started so that they may open enough files, and how many that is. */
export interface OpenFiles {
  readonly limit: number;
  /** Goes before the command. */
  readonly prefix: readonly string[];
  /** In words, where the wanted number cannot be had. */
  readonly complaint?: string;
}

/** Raises the limit of open files for what is started, as far as this user may. */
export function allowOpenFiles(wanted: number): OpenFiles {
  const [, soft = "0", hard = "0"] =
    /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  const asNumber = (text: string) => (text === "unlimited" ? Number.POSITIVE_INFINITY : Number(text));
  if (asNumber(soft) >= wanted) return { limit: asNumber(soft), prefix: [] };
  const limits = [`--nofile=${wanted}:${asNumber(hard) >= wanted ? hard : wanted}`, `--nofile=${hard}:${hard}`];
  for (const limit of limits) {
    const prefix = ["prlimit", limit];
    if (spawnSync("prlimit", [limit, "true"]).status !== 0) continue;
    if (limit === limits[0]) return { limit: wanted, prefix };
    return { limit: asNumber(hard), prefix, complaint: complaint(wanted, asNumber(hard)) };
  }
  return { limit: asNumber(soft), prefix: [], complaint: complaint(wanted, asNumber(soft)) };
}

const complaint = (wanted: number, limit: number) =>
  `only ${limit} files may be open, ${wanted} are wanted: scenarios of 10,000 connections run with fewer. ` +
  `Raise it with \`ulimit -n ${wanted}\` as root.`;
