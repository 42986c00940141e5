import { SpanTree } from "ssetarget/workflows";
import { describe, expect, it } from "vitest";
import { plainLine, type WireEvent } from "../../src/cli/plain-line.ts";
import type { LogLevel } from "../../src/trace/events.ts";
import { ended, failed, logged, started } from "../trace/support/span-events.ts";
import { PURCHASE } from "./support/purchase.ts";

function tell(events: readonly object[], logLevel: LogLevel | undefined = "info"): string[] {
  const tree = new SpanTree();
  return events.flatMap((event) => {
    tree.apply(event);
    return plainLine(event as WireEvent, tree, logLevel) ?? [];
  });
}

describe("plain output", () => {
  it("has one line for each start, end and log line, with a tab between time, what, which and the details", () => {
    expect(tell(PURCHASE)).toEqual([
      "2026-11-01T00:00:00.000Z\tstarted\tpurchase",
      '2026-11-01T00:00:00.000Z\tlog\tpurchase\tlevel=info message="An order of 8 things"',
      "2026-11-01T00:00:00.001Z\tstarted\tpurchase / check the basket",
      "2026-11-01T00:00:00.900Z\tdone\tpurchase / check the basket\ttook=899ms",
      "2026-11-01T00:00:00.900Z\tstarted\tpurchase / reserve the stock",
      "2026-11-01T00:00:02.700Z\tdone\tpurchase / reserve the stock\ttook=1.8s",
      "2026-11-01T00:00:00.901Z\tstarted\tpurchase / look for fraud",
      "2026-11-01T00:00:00.902Z\tstarted\tpurchase / look for fraud / compare addresses",
      "2026-11-01T00:00:02.002Z\tdone\tpurchase / look for fraud / compare addresses\ttook=1.1s",
      "2026-11-01T00:00:02.003Z\tstarted\tpurchase / look for fraud / ask the bank",
      "2026-11-01T00:00:03.403Z\tdone\tpurchase / look for fraud / ask the bank\ttook=1.4s",
      "2026-11-01T00:00:03.404Z\tdone\tpurchase / look for fraud\ttook=2.5s",
      "2026-11-01T00:00:03.500Z\tstarted\tpurchase / charge the card",
      "2026-11-01T00:00:03.501Z\tstarted\tpurchase / charge the card / attempt 1",
      '2026-11-01T00:00:04.200Z\tfailed\tpurchase / charge the card / attempt 1\ttook=699ms error="The provider is busy"',
      "2026-11-01T00:00:04.201Z\tstarted\tpurchase / charge the card / attempt 2",
      '2026-11-01T00:00:04.205Z\tlog\tpurchase / charge the card / attempt 2\tlevel=info message="Calling the provider again"',
      "2026-11-01T00:00:04.300Z\tstarted\tpurchase / pack the parcel",
      "2026-11-01T00:00:04.500Z\tstarted\tpurchase / let it settle\tuntil=2026-11-01T00:00:08.000Z",
      '2026-11-01T00:00:04.501Z\tstarted\tpurchase / approval by the warehouse\tuntil=2026-11-01T00:01:00.000Z waits-for="approval"',
    ]);
  });

  it("tells of gaps and of the end, and names what is not a span", () => {
    expect(
      tell([
        { type: "ssetarget:gap", reason: "trimmed", after: 17, resumesAt: 208 },
        { type: "greeting", id: 208, text: "hello" },
        { type: "started", id: 209, name: "with nothing else" },
        { type: "ssetarget:end", id: 210, reason: "stopped", message: "By hand" },
      ]),
    ).toEqual([
      "-\tgap\t-\treason=trimmed after=17 resumes-at=208",
      "-\tevent\tgreeting\tid=208",
      "-\tevent\tstarted\tid=209",
      '-\tend\t-\treason="stopped" message="By hand"',
    ]);
  });

  it("says which run of a span it is about, where it is not the first", () => {
    expect(
      tell([
        started("job"),
        failed("job", "Out of memory", { ms: 10 }),
        started("job", { ms: 20, attempt: 2 }),
        ended("job", { ms: 30, attempt: 2 }),
        // Late, and not what the span is shown as: no duration of another run is told with it.
        failed("job", "Out of memory again", { ms: 15 }),
      ]).map((line) => line.split("\t").slice(1).join(" | ")),
    ).toEqual([
      "started | job",
      'failed | job | took=10ms error="Out of memory"',
      "started | job | attempt=2",
      "done | job | attempt=2 took=10ms",
      'failed | job | error="Out of memory again"',
    ]);
  });

  it("tells log lines from a level on, or none", () => {
    const events = (["debug", "info", "warn", "error"] as const).map((level) => logged("a", level, { level }));
    expect(tell(events, "debug")).toHaveLength(4);
    expect(tell(events, "warn").map((line) => line.split("\t")[3])).toEqual([
      'level=warn message="warn"',
      'level=error message="error"',
    ]);
    const tree = new SpanTree();
    expect(events.map((event) => plainLine({ ...event }, tree, undefined))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("stays one line, and harmless, whatever names and messages hold", () => {
    const evil = 'a\tb\nc"\u001b[2J\u009b1m\u202e';
    const lines = tell([
      started("x", { name: evil }),
      logged("x", evil, { name: evil }),
      failed("x", evil, { name: evil, ms: 1 }),
      { type: evil },
    ]);
    expect(lines.map((line) => line.split("\t").slice(1))).toEqual([
      ["started", 'a b↵ c"␛[2J\ufffd1m\ufffd'],
      ["log", 'a b↵ c"␛[2J\ufffd1m\ufffd', String.raw`level=info message="a\tb\nc\"\u001b[2J` + '\ufffd1m\ufffd"'],
      ["failed", 'a b↵ c"␛[2J\ufffd1m\ufffd', String.raw`took=1ms error="a\tb\nc\"\u001b[2J` + '\ufffd1m\ufffd"'],
      ["event", 'a b↵ c"␛[2J\ufffd1m\ufffd'],
    ]);
  });

  it("does not walk a circle of parents for ever", () => {
    expect(tell([started("a", { parent: "b" }), started("b", { parent: "a" })]).at(-1)).toMatch(/\t… \/ .* \/ a \/ b$/);
  });
});
