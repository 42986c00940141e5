/** @jsxImportSource preact */
import type { ComponentChild, HTMLAttributes, JSX } from "preact";
import type { SpanNode } from "../trace/tree/node.ts";
import { isolateText } from "../trace/view/visible-text.ts";
import { isOpen, onlyAttempt } from "../trace/view/shape.ts";
import { cutText } from "./bounded-text.ts";
import { Icon, StateIcon } from "./icons.tsx";
import { attemptBadge, durationText, progressOf, rowLabel, rowNote } from "./row-text.ts";
import { shownState } from "./open-work.ts";
import { fractionOf, progressText } from "./span-text.ts";
import type { TraceContext } from "./trace-context.ts";
import { type TraceRow } from "./trace-rows.ts";

/** The newest attempts get bars, all get rows. */
const MAX_BARS = 60;
/** Bars that go on end a little outside of the visible range, so that their ends are hidden. */
const MARGIN = 0.02;
const MAX_NAME_LENGTH = 300;

interface RowProps {
  readonly row: TraceRow;
  readonly isTabStop: boolean;
  readonly context: TraceContext;
}

interface SpanProps {
  readonly node: SpanNode;
  readonly label: string;
  readonly context: TraceContext;
}

/** One line of the tree. */
export function Row({ row, isTabStop, context }: RowProps): JSX.Element {
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
  const noteView = (className: string, style?: string): ComponentChild =>
    note && (
      <span class={className} title={note.text} data-tone={note.tone} style={style}>
        <bdi>{note.text}</bdi>
      </span>
    );
  return (
    <div
      class="row"
      role="row"
      tabindex={isTabStop ? 0 : -1}
      aria-rowindex={index + 2}
      aria-level={level}
      aria-posinset={row.position}
      aria-setsize={row.setSize}
      aria-expanded={row.hasChildren ? row.isExpanded : undefined}
      aria-selected={node === model.selected}
      data-index={index}
      data-name={cutText(node.name, MAX_NAME_LENGTH)}
      data-state={state}
      data-kind={node.kind}
      data-dim={(context.highlight && !context.highlight(node)) || undefined}
      style={`--row:${index};--level:${level - 1}`}
    >
      <div class="name-cell" role="gridcell">
        <i class="guides" />
        <span class="twisty">{row.hasChildren && <Icon name="twisty" />}</span>
        <StateIcon state={state} />
        <span class="label">
          <bdi class="name" title={label}>
            {label}
          </bdi>
          <span class="vh">{labels[state]}</span>
          {badge && <span class="badge">{badge}</span>}
          {node.isOrphan && (
            <span class="badge orphan" title={labels.orphanHint}>
              {labels.orphan}
            </span>
          )}
          {side === "label" && noteView("note")}
        </span>
        <SpanMeter node={node} label={label} context={context} />
        <ActionButton node={node} label={label} context={context} />
      </div>
      <div class="time-cell" role="gridcell" data-timeline="rows">
        <span class="vh">{offset && labels.startsAt(offset)}</span>
        <span class="bars">
          <Bars row={row} context={context} />
        </span>
        {side === "after" && noteView("note beside", `inset-inline:${percent(Math.max(0, end))} 0`)}
        {side === "before" && noteView("note beside before", `inset-inline:0 ${percent(1 - start)}`)}
      </div>
      <div class="duration-cell" role="gridcell">
        {durationText(node, context)}
      </div>
    </div>
  );
}

/** The progress of a span as a bar, if it reports progress. */
function SpanMeter({ node, label, context: { formats, labels } }: SpanProps): ComponentChild {
  const progress = progressOf(node);
  if (progress === undefined) return undefined;
  const fraction = fractionOf(progress);
  return (
    <>
      <Meter
        fraction={fraction}
        isMoving
        aria-label={labels.progressOf(isolateText(label))}
        aria-valuetext={progressText(progress, formats, labels)}
      />
      {fraction !== undefined && <span class="percent">{formats.percent(fraction)}</span>}
    </>
  );
}

interface MeterProps extends HTMLAttributes<HTMLDivElement> {
  /** From 0 to 1. Without it, the bar is full, or moves. */
  readonly fraction: number | undefined;
  readonly isMoving: boolean;
}

/** A progress bar. */
export function Meter({ fraction, isMoving, ...attributes }: MeterProps): JSX.Element {
  return (
    <div
      class="meter"
      role="progressbar"
      aria-valuenow={fraction === undefined ? undefined : Math.round(fraction * 100)}
      {...attributes}
    >
      <i class={fraction === undefined && isMoving ? "endless" : undefined} style={`--fraction:${fraction ?? 1}`} />
    </div>
  );
}

/** The button of a span's action, and the error of its last run. */
function ActionButton({ node, label, context: { buttons, labels } }: SpanProps): ComponentChild {
  const button = buttons.of(node, labels);
  if (button === undefined) return undefined;
  const { problem, isBusy } = button;
  return (
    <span class="action">
      {problem !== undefined && (
        <span class="note" data-tone="failed" role="alert" title={problem}>
          {problem}
        </span>
      )}
      {/* Not `disabled`: the button must keep the focus. */}
      <button type="button" title={button.label} aria-disabled={isBusy || undefined} onClick={button.onClick}>
        {button.text}
        <span class="vh">{label}</span>
      </button>
    </span>
  );
}

/** The bars of a row: one, or one for each attempt and a thin line for the whole step. */
function Bars({ row: { node, hasChildren }, context }: Omit<RowProps, "isTabStop">): ComponentChild {
  const bar = (span: SpanNode, shape: string): ComponentChild => {
    const place = placeOf(span, context);
    if (place === undefined) return undefined;
    const [start, end] = place;
    return (
      <i
        class="bar"
        data-shape={shape}
        data-state={shownState(span)}
        data-kind={span.kind}
        data-open={isOpen(span) || undefined}
        style={`inset-inline-start:${percent(start)};width:${percent(end - start)}`}
      />
    );
  };
  if (node.attempts.length === 0 || onlyAttempt(node)) return bar(node, hasChildren ? "branch" : "leaf");
  return [bar(node, "line"), node.attempts.slice(-MAX_BARS).map((attempt) => bar(attempt, "leaf"))];
}

/** Where a span begins and ends in the visible range of the time axis, from 0 to 1. Undefined if it is outside of it. */
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
