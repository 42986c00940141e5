/** What is measured. The numbers of the full form and of `--quick`. */
export type ScenarioName = "fanout-1" | "fanout-10" | "latency" | "replay" | "idle" | "streams" | "stalled";

/** Dispatches paced events to connections that are all there already. */
export interface LiveScenario {
  readonly kind: "live";
  readonly connections: number;
  readonly streams: number;
  readonly perTurn: number;
  readonly intervalMs: number;
  readonly warmUpTurns: number;
  /** What is measured: this many slices of `turns` turns, of which the median counts. */
  readonly slices: number;
  readonly turns: number;
  /** A slow server gets no further than it comes in this time, over all slices. */
  readonly maxMs: number;
  /** The load client pauses this long between two looks at its sockets; 0 where latency is measured. */
  readonly napUs: number;
}

/** Clients that connect at once to a history that is there already. */
export interface ReplayScenario {
  readonly kind: "replay";
  readonly connections: number;
  readonly events: number;
  /** Batches of clients before the one that is measured. */
  readonly warmUps: number;
}

/** Connections to which nothing is sent. */
export interface IdleScenario {
  readonly kind: "idle";
  readonly connections: number;
  readonly idleMs: number;
}

/** Live, first with every client reading, then with some that never read. */
export interface StalledScenario extends Omit<LiveScenario, "kind"> {
  readonly kind: "stalled";
  readonly stalled: number;
}

export type Scenario = {
  readonly name: ScenarioName;
  readonly title: string;
  /** Waited wherever a library may still be finishing something: after the heads of responses, after the warm-up. */
  readonly settleMs: number;
} & (LiveScenario | ReplayScenario | IdleScenario | StalledScenario);

const FEWER_WAKES_US = 1_000;

/** All scenarios; `maxConnections` where the system allows no more. */
export function scenarios(isQuick: boolean, maxConnections: number): readonly Scenario[] {
  const pick = <T>(full: T, quick: T): T => (isQuick ? quick : full);
  const many = Math.min(pick(10_000, 1_000), Math.floor(maxConnections / 100) * 100);
  const connections = pick(1_000, 200);
  const streamCount = pick(2_000, 200);
  const settleMs = pick(400, 50);
  return [
    {
      name: "fanout-1",
      title: `${connections} connections, 1 event per turn`,
      settleMs,
      kind: "live",
      connections,
      streams: 1,
      perTurn: 1,
      intervalMs: 20,
      warmUpTurns: pick(60, 10),
      slices: pick(4, 2),
      turns: pick(60, 12),
      maxMs: pick(9_000, 600),
      napUs: FEWER_WAKES_US,
    },
    {
      name: "fanout-10",
      title: `${connections} connections, 10 events per turn`,
      settleMs,
      kind: "live",
      connections,
      streams: 1,
      perTurn: 10,
      intervalMs: pick(50, 20),
      warmUpTurns: pick(20, 5),
      slices: pick(4, 2),
      turns: pick(24, 12),
      maxMs: pick(9_000, 600),
      napUs: FEWER_WAKES_US,
    },
    {
      name: "latency",
      title: `${connections} connections, ${(connections * 50).toLocaleString("en")} deliveries/s`,
      settleMs,
      kind: "live",
      connections,
      streams: 1,
      perTurn: 1,
      intervalMs: 20,
      warmUpTurns: pick(60, 10),
      slices: pick(4, 2),
      turns: pick(60, 12),
      maxMs: pick(9_000, 600),
      napUs: 0,
    },
    {
      name: "replay",
      title: `${pick("1,000", "200")} events to ${pick(500, 50)} clients at once`,
      settleMs,
      kind: "replay",
      connections: pick(500, 50),
      events: pick(1_000, 200),
      warmUps: 1,
    },
    {
      name: "streams",
      title: `${streamCount} streams of one client`,
      settleMs,
      kind: "live",
      connections: streamCount,
      streams: streamCount,
      perTurn: 20,
      intervalMs: 2,
      warmUpTurns: (streamCount / 20) * pick(12, 2),
      slices: pick(4, 2),
      turns: (streamCount / 20) * pick(6, 2),
      maxMs: pick(12_000, 600),
      napUs: FEWER_WAKES_US,
    },
    {
      name: "idle",
      title: `${many} idle connections`,
      settleMs,
      kind: "idle",
      connections: many,
      idleMs: pick(15_000, 300),
    },
    {
      name: "stalled",
      title: `${many} connections, 1% never read`,
      settleMs,
      kind: "stalled",
      connections: many,
      stalled: many / 100,
      streams: 1,
      perTurn: 10,
      intervalMs: pick(300, 50),
      warmUpTurns: pick(5, 3),
      slices: 1,
      turns: pick(60, 10),
      maxMs: pick(20_000, 1_000),
      napUs: 0,
    },
  ];
}
