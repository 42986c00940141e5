/** @jsxImportSource preact */
import type { HTMLAttributes, JSX } from "preact";
import { percent, Row } from "./row-view.tsx";
import type { TimeRange } from "./time-window.ts";
import type { TraceContext } from "./trace-context.ts";
import type { TraceRow } from "./trace-rows.ts";

/** A label of the axis that begins after this would stick out at its end. */
const LAST_LABEL = 0.94;

interface GridProps {
  /** How many rows the tree has, and those that are in the document. */
  readonly count: number;
  readonly rows: readonly TraceRow[];
  /** The row that the Tab key leads to. */
  readonly tabStop: TraceRow | undefined;
  readonly ticks: readonly number[];
  /** The range of the time axis that is being selected, from 0 to 1. */
  readonly brush: TimeRange | undefined;
  readonly context: TraceContext;
  readonly handlers: Pick<HTMLAttributes<HTMLDivElement>, "onScroll" | "onKeyDown" | "onClick" | "onDblClick">;
}

/** The treegrid: the head with the time axis, and the rows. */
export function Grid({ count, rows, tabStop, ticks, brush, context, handlers }: GridProps): JSX.Element {
  const { labels, formats, model, window, now } = context;
  const nowMs = model.extent.nowMs(now);
  const at = (ms: number): string => `inset-inline-start:${percent(window.placeOf(ms))}`;
  const selection = brush && <i class="brush" style={`inset-inline:${percent(brush.from)} ${percent(1 - brush.to)}`} />;
  return (
    <div
      class="grid"
      part="tree"
      role="treegrid"
      aria-label={labels.tree}
      aria-readonly
      aria-rowcount={count + 1}
      style={`--count:${count}`}
      {...handlers}
    >
      <i class="probe" />
      <div class="head" role="rowgroup">
        <div class="head-row" role="row" aria-rowindex={1}>
          <div class="head-name" role="columnheader">
            {labels.spanColumn}
          </div>
          <div class="axis" role="columnheader" data-timeline="axis">
            <span class="vh">{labels.timelineColumn}</span>
            <span aria-hidden>
              {ticks.map(
                (ms) =>
                  window.placeOf(ms) <= LAST_LABEL && (
                    <span class="tick" style={at(ms)}>
                      {formats.tick(ms)}
                    </span>
                  ),
              )}
              {selection}
            </span>
          </div>
          <div class="head-duration" role="columnheader">
            {labels.durationColumn}
          </div>
        </div>
      </div>
      <div class="canvas" role="rowgroup">
        <div class="overlay" aria-hidden>
          <div class="lines">
            {ticks.map((ms) => (
              <i style={at(ms)} />
            ))}
            {nowMs !== undefined && <i class="now" style={at(nowMs)} />}
            {selection}
          </div>
        </div>
        {rows.map((row) => (
          <Row key={row.key} row={row} isTabStop={row === tabStop} context={context} />
        ))}
      </div>
    </div>
  );
}
