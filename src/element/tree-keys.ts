import type { TraceRow } from "./trace-rows.ts";

const TYPE_AHEAD_MS = 700;
const ZOOM_STEP = 0.6;
const PAN_STEP = 0.15;

/** What keys do to a tree. */
export interface KeyTarget {
  readonly count: number;
  readonly rowsPerPage: number;
  readonly isRightToLeft: boolean;
  rows(start: number, end: number): readonly TraceRow[];
  label(row: TraceRow): string;
  /** Gives the focus to the row of this place, or the nearest. */
  focusRow(index: number): void;
  setExpanded(row: TraceRow, isExpanded: boolean): void;
  open(row: TraceRow | undefined): void;
  zoom(factor: number): void;
  pan(share: number): void;
  fit(): void;
}

/**
 * The keys of a treegrid, and those of its time axis.
 * @see https://www.w3.org/WAI/ARIA/apg/patterns/treegrid/
 */
export class TreeKeys {
  #typed = "";
  #typedAt = 0;

  /** @returns whether the key was one of the tree's */
  press(event: KeyboardEvent, index: number, target: KeyTarget): boolean {
    const [row] = target.rows(index, index + 1);
    const { key, shiftKey } = event;
    if (row === undefined || event.altKey || event.ctrlKey || event.metaKey) return false;
    const isArrow = key === "ArrowLeft" || key === "ArrowRight";
    const isForward = (key === "ArrowRight") !== target.isRightToLeft;
    const isTyping = event.timeStamp - this.#typedAt < TYPE_AHEAD_MS;
    if (isArrow && shiftKey) target.pan(isForward ? PAN_STEP : -PAN_STEP);
    else if (isArrow && isForward) {
      if (row.isExpanded) target.focusRow(index + 1);
      else if (row.hasChildren) target.setExpanded(row, true);
    } else if (isArrow) {
      if (row.isExpanded) target.setExpanded(row, false);
      else target.focusRow(parentOf(row, target));
    } else if (key === "ArrowDown") target.focusRow(index + 1);
    else if (key === "ArrowUp") target.focusRow(index - 1);
    else if (key === "PageDown") target.focusRow(index + target.rowsPerPage);
    else if (key === "PageUp") target.focusRow(index - target.rowsPerPage);
    else if (key === "Home") target.focusRow(0);
    else if (key === "End") target.focusRow(target.count - 1);
    else if (key === "Enter" || (key === " " && !isTyping)) target.open(row);
    else if (key === "Escape") target.open(undefined);
    else if (key === "+" || key === "=") target.zoom(ZOOM_STEP);
    else if (key === "-") target.zoom(1 / ZOOM_STEP);
    else if (key === "0") target.fit();
    else if (key.length === 1) {
      this.#typed = (isTyping ? this.#typed : "") + key.toLowerCase();
      this.#typedAt = event.timeStamp;
      this.#seek(index, target);
    } else return false;
    return true;
  }

  #seek(index: number, target: KeyTarget): void {
    // A first letter goes on to the next row; further letters may keep the one that is there.
    const first = this.#typed.length === 1 ? index + 1 : index;
    const rows = [...target.rows(first, target.count), ...target.rows(0, first)];
    const found = rows.find((row) => target.label(row).toLowerCase().startsWith(this.#typed));
    if (found !== undefined) target.focusRow(found.index);
  }
}

/** The nearest row above that is less deep. */
function parentOf({ index, level }: TraceRow, target: KeyTarget): number {
  return target.rows(0, index).findLast((row) => row.level < level)?.index ?? index;
}
