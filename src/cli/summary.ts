import type { EndData } from "../event/event.ts";
import type { SpanNode } from "../trace/tree/node.ts";
import { shownBelow } from "../trace/view/shape.ts";
import { durationText } from "./duration-text.ts";
import { type Line, type Part, part } from "./line.ts";
import { errorText, iconOf, nameOf, shortText } from "./span-line.ts";

/** The outcome of the watched runs. */
export interface Summary {
  readonly isGood: boolean;
  /** Printed last: each run, and why it failed. */
  readonly lines: readonly Line[];
}

const MAX_RUNS = 20;
const MAX_CAUSES = 5;
/** The search for causes stops at this depth. */
const MAX_DEPTH = 100;

/** The end's `reason` for a failed run. */
const FAILED_REASON = "failed";

/**
 * The outcome is good if all runs succeeded. Replaced runs do not count. Neither do spans of unknown runs, unless all are
 * unknown. Without any run the outcome is good, unless the end of the stream says otherwise.
 */
export function summarize(roots: readonly SpanNode[], end: EndData = {}): Summary {
  const known = roots.filter((root) => !root.isOrphan);
  const runs = withoutReplaced(known.length > 0 ? known : roots);
  const bad = runs.filter((run) => run.state !== "done");
  const told = [...bad, ...runs.filter((run) => run.state === "done")].slice(0, MAX_RUNS);
  const lines = told.flatMap((run) => [runLine(run), ...causes(run).map(causeLine)]);
  if (runs.length > told.length) lines.push({ parts: [part(`… and ${runs.length - told.length} more`, "quiet")] });
  if (runs.length === 0) lines.push({ parts: [part("The stream ended without any spans.", "quiet")] });
  const why = [end.reason, end.message].flatMap((text) => (typeof text === "string" ? shortText(text) : []));
  if (why.length > 0) lines.push({ parts: [part(`The stream ended with: ${why.join(", ")}`)] });
  return { isGood: bad.length === 0 && end.reason !== FAILED_REASON, lines };
}

/** A restarted workflow adds a new tree to the same trace, after the earlier one. */
function withoutReplaced(roots: readonly SpanNode[]): readonly SpanNode[] {
  const newest = new Map<string, SpanNode>();
  const keyOf = ({ traceId, name }: SpanNode) => JSON.stringify([traceId, name]);
  for (const root of roots) if (root.kind === "workflow") newest.set(keyOf(root), root);
  return roots.filter((root) => root.kind !== "workflow" || newest.get(keyOf(root)) === root);
}

function runLine(run: SpanNode): Line {
  const took = run.durationMs === undefined ? "" : durationText(run.durationMs);
  const name = [iconOf(run, 0), part(" "), part(nameOf(run), "strong")];
  switch (run.state) {
    case "done":
      return { parts: [...name, part(took === "" ? " done" : ` done in ${took}`)] };
    case "failed": {
      const failed: Part[] = [...name, part(took === "" ? " failed" : ` failed after ${took}`)];
      return {
        parts: run.error === undefined ? failed : [...failed, part(": "), part(errorText(run.error), "failed")],
      };
    }
    case "abandoned":
      return { parts: [...name, part(" did not report its end before the stream ended")] };
    case "running":
    case "waiting":
      return { parts: [...name, part(` is still ${run.state}`)] };
  }
}

interface Cause {
  readonly path: readonly string[];
  readonly error: string | undefined;
}

function causeLine({ path, error }: Cause): Line {
  return { parts: [part(`  ${path.join(" / ")}: `), part(errorText(error), "failed")] };
}

/** The innermost failures below a failed run: the root causes. */
function causes(run: SpanNode): Cause[] {
  const found: Cause[] = [];
  const visit = (node: SpanNode, path: readonly string[]): void => {
    // Only the last attempt counts.
    const lastAttempt = node.attempts.at(-1);
    const failed = shownBelow(node).filter(
      (child) => child.rollup === "failed" && (child.kind !== "attempt" || child === lastAttempt),
    );
    if (path.length > 0 && (failed.length === 0 || path.length >= MAX_DEPTH)) {
      found.push({ path, error: node.error ?? lastAttempt?.error });
    } else {
      for (const child of failed) if (found.length < MAX_CAUSES) visit(child, [...path, nameOf(child)]);
    }
  };
  if (run.state === "failed") visit(run, []);
  return found;
}
