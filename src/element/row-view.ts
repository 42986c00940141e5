import type { SpanNode } from "../trace/tree/node.ts";
import { isolateText } from "../trace/view/visible-text.ts";
import { cutText } from "./bounded-text.ts";
import { type Child, h, type View } from "./dom.ts";
import { icon, stateIcon } from "./icons.ts";
import { attemptBadge, durationText, progressOf, rowLabel, rowNote } from "./row-text.ts";
import { shownState } from "./open-work.ts";
import { fractionOf, isOpen, progressText } from "./span-text.ts";
import type { TraceContext } from "./trace-context.ts";
import { onlyAttempt, type TraceRow } from "./trace-rows.ts";

/** Of more attempts than this, the newest have bars; all have rows. */
const MAX_BARS = 60;
/** Bars end a little outside of what is shown, so that their ends are not seen where they go on. */
const MARGIN = 0.02;
const MAX_NAME_LENGTH = 300;

/** One line of the tree. */
export function rowView(row: TraceRow, isTabStop: boolean, context: TraceContext): View {
  const { node, index, level } = row;
  const { labels, formats, model, isNarrow } = context;
  const state = shownState(node);
  const label = rowLabel(node, context);
  const badge = attemptBadge(node, context);
  const note = rowNote(row, context);
  const [start, end] = placeOf(node, context) ?? [0, 1];
  const side = note && !isNarrow ? context.sideOf(row, note.text, start, end) : "label";
  const offset =
    node.startTime === undefined ? undefined : formats.duration(node.startTime - model.extent.originOf(node));
  const cell = (name: string, ...children: Child[]): View => h("div", { class: name, role: "gridcell" }, ...children);
  const noteView = (name: string, style = ""): Child =>
    note &&
    h("span", { key: "note", class: name, title: note.text, "data-tone": note.tone, style }, h("bdi", {}, note.text));
  return h(
    "div",
    {
      key: row.key,
      class: "row",
      role: "row",
      tabindex: isTabStop ? 0 : -1,
      "aria-rowindex": index + 2,
      "aria-level": level,
      "aria-posinset": row.position,
      "aria-setsize": row.setSize,
      "aria-expanded": row.hasChildren ? row.isExpanded : undefined,
      "aria-selected": node === model.selected,
      "data-index": index,
      "data-name": cutText(node.name, MAX_NAME_LENGTH),
      "data-state": state,
      "data-kind": node.kind,
      "data-dim": (context.highlight && !context.highlight(node)) || undefined,
      style: `--row:${index};--level:${level - 1}`,
    },
    cell(
      "name-cell",
      h("i", { class: "guides" }),
      h("span", { class: "twisty" }, row.hasChildren && icon("twisty")),
      stateIcon(state),
      h(
        "span",
        { class: "label" },
        h("bdi", { class: "name", title: label }, label),
        h("span", { class: "vh" }, labels[state]),
        badge && h("span", { key: "badge", class: "badge" }, badge),
        node.isOrphan
          ? h("span", { key: "orphan", class: "badge orphan", title: labels.orphanHint }, labels.orphan)
          : undefined,
        side === "label" && noteView("note"),
      ),
      meterView(node, label, context),
      context.buttons.view(node, label, labels),
    ),
    h(
      "div",
      { class: "time-cell", role: "gridcell", "data-timeline": "rows" },
      h("span", { class: "vh" }, offset && labels.startsAt(offset)),
      h("span", { class: "bars" }, bars(row, context)),
      side === "after" && noteView("note beside", `inset-inline:${percent(Math.max(0, end))} 0`),
      side === "before" && noteView("note beside before", `inset-inline:0 ${percent(1 - start)}`),
    ),
    cell("duration-cell", durationText(node, context)),
  );
}

/** How far a span is, as a bar; nothing where it does not say. */
function meterView(node: SpanNode, label: string, { formats, labels }: TraceContext): Child {
  const progress = progressOf(node);
  if (progress === undefined) return undefined;
  const fraction = fractionOf(progress);
  const attributes = {
    key: "meter",
    class: "meter",
    role: "progressbar",
    "aria-label": labels.progressOf(isolateText(label)),
    "aria-valuetext": progressText(progress, formats, labels),
  };
  return [
    fillView(attributes, fraction, true),
    fraction === undefined ? undefined : h("span", { class: "percent" }, formats.percent(fraction)),
  ];
}

/** A bar that is full to a fraction; where that is not known it is full, or moves. */
export function fillView(attributes: View["attributes"], fraction: number | undefined, isMoving: boolean): View {
  return h(
    "div",
    { ...attributes, "aria-valuenow": fraction === undefined ? undefined : Math.round(fraction * 100) },
    h("i", { class: fraction === undefined && isMoving ? "endless" : undefined, style: `--fraction:${fraction ?? 1}` }),
  );
}

/** A row's bars: one, or one per attempt over a thin line that is the whole step. */
function bars({ node, hasChildren }: TraceRow, context: TraceContext): Child {
  const bar = (span: SpanNode, shape: string): Child => {
    const place = placeOf(span, context);
    if (place === undefined) return undefined;
    const [start, end] = place;
    return h("i", {
      class: "bar",
      "data-shape": shape,
      "data-state": shownState(span),
      "data-kind": span.kind,
      "data-open": isOpen(span) || undefined,
      style: `inset-inline-start:${percent(start)};width:${percent(end - start)}`,
    });
  };
  if (node.attempts.length === 0 || onlyAttempt(node)) return bar(node, hasChildren ? "branch" : "leaf");
  return [bar(node, "line"), node.attempts.slice(-MAX_BARS).map((attempt) => bar(attempt, "leaf"))];
}

/** Where a span begins and ends in what is shown of the time axis, from 0 to 1; undefined where it is not to be seen. */
function placeOf(
  node: SpanNode,
  { model, now, window }: TraceContext,
): readonly [start: number, end: number] | undefined {
  const { startTime, endTime = isOpen(node) ? now : startTime } = node;
  if (startTime === undefined || endTime === undefined) return undefined;
  const origin = model.extent.originOf(node);
  const start = window.placeOf(startTime - origin);
  const end = Math.max(start, window.placeOf(endTime - origin));
  return start > 1 + MARGIN || end < -MARGIN ? undefined : [Math.max(-MARGIN, start), Math.min(1 + MARGIN, end)];
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}
