import { setTimeout as sleep } from "node:timers/promises";
import { Load, type LoadOptions, type LoadStats } from "./load.ts";
import type { IdleScenario, LiveScenario, ReplayScenario, Scenario, StalledScenario } from "./scenarios.ts";
import { Server } from "./server.ts";
import { median } from "./median.ts";
import type { ServerEntry } from "./server-catalogue.ts";

/** One server in one scenario, once. */
export interface Measurement {
  /** The server's CPU time per delivered event, in microseconds. */
  readonly cpuUs?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** In most slices the server came to less than nine tenths of the rate. */
  readonly isSaturated?: boolean;
  readonly idleKilobytes?: number;
  /** Of one core. */
  readonly idleCpuPercent?: number;
  /** The same with every client reading, where some do not. */
  readonly allReading?: { readonly p50Ms: number; readonly p99Ms: number; readonly grownMegabytes: number };
  /** By how much the server's memory grew while it dispatched. */
  readonly grownMegabytes?: number;
  readonly deliveries: number;
  /** What went wrong with deliveries, in words; absent where every connection had every event once, in order. */
  readonly wrong?: string;
}

/** Where and how programs are started. */
export interface Placement {
  /** Goes before every server's command: limits, cores. */
  readonly serverPrefix: readonly string[];
  readonly loadPrefix: readonly string[];
  readonly loadCore: number | undefined;
}

const CONNECT_TIMEOUT_MS = 60_000;
const DELIVERY_TIMEOUT_MS = 60_000;

/** Starts server and load client, measures, and ends both, whatever happens. */
export function measure(server: ServerEntry, scenario: Scenario, placement: Placement): Promise<Measurement> {
  switch (scenario.kind) {
    case "live":
      return measureLive(server, scenario, placement);
    case "replay":
      return measureReplay(server, scenario, placement);
    case "idle":
      return measureIdle(server, scenario, placement);
    case "stalled":
      return measureStalled(server, scenario, placement);
  }
}

async function withServer<T>(
  { name, command }: ServerEntry,
  streams: number,
  { serverPrefix }: Placement,
  use: (server: Server) => Promise<T>,
): Promise<T> {
  const server = await Server.start(name, [...serverPrefix, ...command], streams);
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}

async function withLoad<T>(
  options: Omit<LoadOptions, "core" | "prefix">,
  { loadCore, loadPrefix }: Placement,
  use: (load: Load) => Promise<T>,
): Promise<T> {
  const load = new Load({ ...options, core: loadCore, prefix: loadPrefix });
  try {
    await load.connected(CONNECT_TIMEOUT_MS);
    return await use(load);
  } finally {
    await load.close();
  }
}

function measureLive(
  entry: ServerEntry,
  scenario: Extract<Scenario, LiveScenario>,
  placement: Placement,
): Promise<Measurement> {
  const { connections, streams, napUs } = scenario;
  return withServer(entry, streams, placement, (server) =>
    withLoad({ port: server.port, connections, streams, napUs }, placement, async (load) => {
      const { cpuUs, isSaturated, isComplete } = await dispatchLive(server, load, scenario);
      const stats = await load.stats();
      return {
        cpuUs,
        p50Ms: stats.p50Ms,
        p99Ms: stats.p99Ms,
        isSaturated,
        deliveries: stats.delivered,
        wrong: wrongIn(stats, connections, isComplete),
      };
    }),
  );
}

/**
 * Warms the server up and dispatches to all connections, in slices: their median is what a disturbance of a second on the
 * machine does not reach.
 */
async function dispatchLive(server: Server, load: Load, scenario: Extract<Scenario, LiveScenario | StalledScenario>) {
  const { connections, perTurn, streams, intervalMs, warmUpTurns, slices, turns, maxMs, settleMs } = scenario;
  const dispatch = (count: number) =>
    server.dispatch({ turns: count, perTurn, streams, intervalMs, maxMs: maxMs / slices });
  await sleep(settleMs);
  const warmedUp = await dispatch(warmUpTurns);
  let isComplete = await load.reached(warmedUp.last, DELIVERY_TIMEOUT_MS);
  load.measureAfter(warmedUp.last);
  await sleep(settleMs);
  const cpuUs: number[] = [];
  let late = 0;
  for (let slice = 0; slice < slices && isComplete; slice++) {
    const before = server.cpuMicros;
    const dispatched = await dispatch(turns);
    isComplete = await load.reached(dispatched.last, DELIVERY_TIMEOUT_MS);
    cpuUs.push((server.cpuMicros - before) / ((dispatched.events * connections) / streams));
    if (dispatched.turns < turns || dispatched.ms > turns * intervalMs * 1.1) late++;
  }
  return { cpuUs: median(cpuUs), isSaturated: late * 2 > slices, isComplete };
}

function measureReplay(
  entry: ServerEntry,
  scenario: Extract<Scenario, ReplayScenario>,
  placement: Placement,
): Promise<Measurement> {
  const { connections, events } = scenario;
  return withServer(entry, 1, placement, async (server) => {
    const { last } = await server.preload(events);
    const batch = async () => {
      await sleep(scenario.settleMs);
      const before = server.cpuMicros;
      return withLoad({ port: server.port, connections, inFlight: 0 }, placement, async (load) => {
        const isComplete = await load.reached(last, DELIVERY_TIMEOUT_MS);
        const cpuMicros = server.cpuMicros - before;
        const stats = await load.stats();
        return { cpuMicros, stats, isComplete };
      });
    };
    for (let index = 0; index < scenario.warmUps; index++) await batch();
    const { cpuMicros, stats, isComplete } = await batch();
    return {
      cpuUs: cpuMicros / (connections * events),
      deliveries: stats.delivered,
      wrong: wrongIn(stats, connections, isComplete),
    };
  });
}

/**
 * The memory of a connection is what those after the first fifth add: the first ones also make the process grow into its
 * work (compiled code, a young generation of full size), which is nothing that a connection costs.
 */
function measureIdle(
  entry: ServerEntry,
  scenario: Extract<Scenario, IdleScenario>,
  placement: Placement,
): Promise<Measurement> {
  const { connections, idleMs, settleMs } = scenario;
  const first = connections / 5;
  const rest = connections - first;
  return withServer(entry, 1, placement, (server) => {
    const residentBytes = async () => {
      await sleep(settleMs * 2);
      await server.collectGarbage();
      return server.residentBytes;
    };
    return withLoad({ port: server.port, connections: first }, placement, async (firstLoad) => {
      const bytesBefore = await residentBytes();
      return withLoad({ port: server.port, connections: rest }, placement, async (load) => {
        const bytes = (await residentBytes()) - bytesBefore;
        const cpuBefore = server.cpuMicros;
        await sleep(idleMs);
        const cpuMicros = server.cpuMicros - cpuBefore;
        // Every one of them must still be alive.
        const { last } = await server.dispatch({ turns: 1, perTurn: 1, streams: 1, intervalMs: 0, maxMs: 0 });
        const isComplete = [
          await firstLoad.reached(last, DELIVERY_TIMEOUT_MS),
          await load.reached(last, DELIVERY_TIMEOUT_MS),
        ].every(Boolean);
        const [firstStats, stats] = [await firstLoad.stats(), await load.stats()];
        return {
          idleKilobytes: bytes / 1024 / rest,
          idleCpuPercent: cpuMicros / (idleMs * 10),
          deliveries: firstStats.delivered + stats.delivered,
          wrong: wrongIn(firstStats, first, isComplete) ?? wrongIn(stats, rest, isComplete),
        };
      });
    });
  });
}

async function measureStalled(
  entry: ServerEntry,
  scenario: Extract<Scenario, StalledScenario>,
  placement: Placement,
): Promise<Measurement> {
  const run = (stalled: number) =>
    withServer(entry, 1, placement, (server) =>
      withLoad({ port: server.port, connections: scenario.connections, stalled }, placement, async (load) => {
        await server.collectGarbage();
        const bytesBefore = server.residentBytes;
        const { isSaturated, isComplete } = await dispatchLive(server, load, scenario);
        const stats = await load.stats();
        await server.collectGarbage();
        return {
          p50Ms: stats.p50Ms,
          p99Ms: stats.p99Ms,
          grownMegabytes: (server.residentBytes - bytesBefore) / 1024 / 1024,
          isSaturated,
          deliveries: stats.delivered,
          wrong: wrongIn(stats, scenario.connections, isComplete),
        };
      }),
    );
  const { p50Ms, p99Ms, grownMegabytes, ...before } = await run(0);
  const after = await run(scenario.stalled);
  return {
    ...after,
    allReading: { p50Ms, p99Ms, grownMegabytes },
    isSaturated: before.isSaturated || after.isSaturated,
    deliveries: before.deliveries + after.deliveries,
    wrong: before.wrong ?? after.wrong,
  };
}

function wrongIn(stats: LoadStats, connections: number, isComplete: boolean): string | undefined {
  const { lost, repeated, reordered, damaged, closed, connected } = stats;
  const found = Object.entries({ lost, repeated, reordered, damaged, closed, refused: connections - connected })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`);
  if (found.length === 0) return isComplete ? undefined : "not complete in time";
  return found.join(", ");
}
