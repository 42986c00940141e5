import type { SpanLogLine } from "ssetarget/workflows";
import { element } from "./dom.ts";
import { formatDuration, formatMoment } from "./format.ts";
import { errorOf } from "./span-text.ts";
import type { TreeRow } from "./tree-rows.ts";

/** A browser stands many lines, but nobody reads thousands in a panel; the latest are the telling ones. */
const maxLogLines = 200;

/** Everything known about a span, below its row: the error in full, its log, its attributes and times. */
export function renderDetails(row: TreeRow): Node[] {
  const { node, attempt } = row;
  const parts: Node[] = [];
  const error = errorOf(row);
  if (error !== undefined) parts.push(element("pre", { class: "error-text", text: error }));
  const logs = [...node.logs, ...(attempt?.logs ?? [])];
  if (logs.length > 0) parts.push(renderLogs(logs, node.startTime));
  parts.push(renderFacts(row));
  return parts;
}

function renderLogs(logs: readonly SpanLogLine[], start: number | undefined): HTMLElement {
  const list = element("ol", { class: "logs", attributes: { "aria-label": "Log" } });
  const shown = logs.slice(-maxLogLines);
  if (shown.length < logs.length) {
    list.append(element("li", { class: "log-cut", text: `${logs.length - shown.length} earlier lines are not shown` }));
  }
  for (const log of shown) {
    const at = log.time;
    list.append(
      element(
        "li",
        { class: "log", attributes: { "data-level": log.level } },
        element("span", {
          class: "log-time",
          text: start === undefined ? "" : `+${formatDuration(at - start)}`,
          attributes: { title: formatMoment(at) },
        }),
        element("span", { class: "log-level", text: log.level }),
        element("span", { class: "log-message", text: log.message }),
      ),
    );
  }
  return list;
}

function renderFacts(row: TreeRow): HTMLElement {
  const { node, attempt } = row;
  const { startTime: start, endTime: end } = node;
  const facts: [string, string][] = [];
  if (start !== undefined) facts.push(["started", formatMoment(start)]);
  if (end !== undefined) facts.push(["ended", formatMoment(end)]);
  const attributes = { ...node.attributes, ...attempt?.attributes };
  for (const [name, value] of Object.entries(attributes)) {
    facts.push([name, typeof value === "string" ? value : JSON.stringify(value)]);
  }
  facts.push(["span", node.spanId]);
  const list = element("dl", { class: "facts" });
  for (const [name, value] of facts) {
    list.append(element("div", {}, element("dt", { text: name }), element("dd", { text: value })));
  }
  return list;
}
