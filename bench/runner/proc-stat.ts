import { readFileSync, readdirSync } from "node:fs";

/** CPU time, kernel included, that these processes have used so far, in microseconds. From the scheduler, so exact. */
export function cpuMicros(pids: readonly number[]): number {
  let micros = 0;
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) micros += taskMicros(`/proc/${pid}/task/${task}`);
  }
  return micros;
}

function taskMicros(folder: string): number {
  try {
    // Nanoseconds on the CPU; a kernel without it has clock ticks of 10 ms in `stat`.
    return Number(readFileSync(`${folder}/schedstat`, "utf8").split(" ")[0]) / 1e3;
  } catch {
    const fields = readFileSync(`${folder}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  }
}

/** Resident memory of these processes, in bytes. */
export function residentBytes(pids: readonly number[]): number {
  let bytes = 0;
  for (const pid of pids) {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    bytes += Number(kilobytes ?? 0) * 1024;
  }
  return bytes;
}
