import { isOpen } from "../trace/view/shape.ts";
import { ifAllowed } from "../util/if-allowed.ts";
import type { Grid } from "./grid-view.tsx";
import { type NoteSide, NoteSides } from "./note-sides.ts";
import { RowScroller } from "./row-scroller.ts";
import { rowLabel } from "./row-text.ts";
import { TimelineGestures } from "./timeline-gestures.ts";
import { type TimeRange, TimeWindow } from "./time-window.ts";
import type { TraceContext, TraceHost } from "./trace-context.ts";
import type { SpanRef, TraceModel } from "./trace-model.ts";
import type { TraceRow } from "./trace-rows.ts";
import { type KeyTarget, TreeKeys } from "./tree-keys.ts";

const NARROW_PX = 640;
/** The size of a note relative to that of a name. */
const NOTE_SIZE = 0.9;
const PX_PER_TICK = 90;

/** The state of the treegrid: which rows are in view, scrolling, focus, folding, and the time axis. */
export class TreeView implements KeyTarget {
  readonly window = new TimeWindow();
  readonly #host: TraceHost;
  readonly #root: ShadowRoot;
  readonly #model: TraceModel;
  readonly #keys = new TreeKeys();
  readonly #scroller = new RowScroller();
  readonly #gestures = new TimelineGestures(this);
  readonly #sizes = ifAllowed(() => new ResizeObserver(() => this.#measure()));
  #context: TraceContext | undefined;
  #grid: HTMLElement | undefined;
  readonly #sides = new NoteSides();
  readonly #handlers = {
    onScroll: (): void => this.#onScroll(),
    onKeyDown: (event: KeyboardEvent): void => this.#onKey(event),
    onClick: (event: MouseEvent): void => this.#onClick(event),
    onDblClick: (event: MouseEvent): void => this.#onDoubleClick(event),
  };
  #timelinePx = 480;
  #fontPx = 14;
  #brush: TimeRange | undefined;
  #focused: SpanRef | undefined;
  #wantsFocus = false;
  #hadFocus = false;
  /** The rows that are in the document. */
  shown: readonly TraceRow[] = [];
  /** True if there is no room for a timeline next to the names. */
  isNarrow = false;

  constructor(host: TraceHost, root: ShadowRoot, model: TraceModel) {
    this.#host = host;
    this.#root = root;
    this.#model = model;
  }

  get count(): number {
    return this.#model.rows.count;
  }

  get rowsPerPage(): number {
    return this.#scroller.rowsPerPage;
  }

  get isRightToLeft(): boolean {
    return getComputedStyle(this.#root.host).direction === "rtl";
  }

  /** The milliseconds that a pixel stands for. */
  get msPerPx(): number {
    const { from, to } = this.window.shown;
    return (to - from) / Math.max(1, this.#timelinePx);
  }

  /** The place of the timeline on the screen. */
  get timelineRect(): DOMRect | undefined {
    return this.#grid?.querySelector(".axis")?.getBoundingClientRect();
  }

  rows(start: number, end: number): readonly TraceRow[] {
    return this.#model.rows.slice(start, end);
  }

  sideOf({ key, node }: TraceRow, text: string, start: number, end: number): NoteSide {
    const fontPx = this.#fontPx * NOTE_SIZE;
    return this.#sides.of(key, { text, start, end, isGrowing: isOpen(node), timelinePx: this.#timelinePx, fontPx });
  }

  label({ node }: TraceRow): string {
    return this.#context === undefined ? "" : rowLabel(node, this.#context);
  }

  open(row: TraceRow | undefined): void {
    this.#host.show(row?.node);
  }

  /** Shows the whole time axis. */
  fit(): void {
    this.window.fit();
    this.#host.refresh();
  }

  /** Makes the visible range of the time axis `factor` times as long, around its middle. */
  zoom(factor: number): void {
    this.window.zoom(factor, 0.5);
    this.#host.refresh();
  }

  pan(share: number): void {
    this.window.pan(share);
    this.#host.refresh();
  }

  /** Marks a range of the time axis, from 0 to 1, while it is being selected. */
  brush(range: TimeRange | undefined): void {
    this.#brush = range;
    this.#host.refresh();
  }

  setExpanded({ node }: TraceRow, isExpanded: boolean): void {
    this.#model.setExpanded(node, isExpanded);
    this.#host.refresh();
  }

  focusRow(index: number): void {
    const at = Math.max(0, Math.min(index, this.count - 1));
    const [row] = this.rows(at, at + 1);
    if (row === undefined) return;
    this.#focused = row.node;
    this.#host.follow = false;
    this.#scroller.show(row.index);
    // Open details follow the focus.
    if (this.#model.selected !== undefined) this.#host.show(row.node);
    this.focus();
  }

  /** Scrolls to a span and makes its row the one that the Tab key leads to. */
  reveal(ref: SpanRef): void {
    this.#focused = ref;
    this.#scroller.show(this.#model.indexOf(ref), true);
  }

  /** Focuses the row that the Tab key leads to. */
  focus(): void {
    this.#wantsFocus = true;
    this.#host.refresh();
  }

  /** Computes what the next frame shows. Call it before drawing. */
  prepare(now: number, elapsedMs: number, isCalm: boolean): void {
    const { extent } = this.#model;
    const nowMs = extent.nowMs(now);
    this.window.grow(extent.elapsedMs(now), nowMs !== undefined, this.#maxTicks);
    if (this.#host.follow && nowMs !== undefined) this.window.reveal(nowMs);
    this.window.glide(elapsedMs, isCalm);
    this.shown = this.#rowsInView();
    this.#hadFocus = this.#grid?.contains(this.#root.activeElement) ?? false;
  }

  /** What {@link Grid} shows in this frame. */
  view(context: TraceContext): Parameters<typeof Grid>[0] {
    this.#context = context;
    this.#sides.next();
    return {
      count: this.count,
      rows: this.shown,
      tabStop: this.shown.find(({ node }) => node === this.#focused),
      ticks: this.window.ticks(this.#maxTicks),
      brush: this.#brush,
      context,
      handlers: this.#handlers,
    };
  }

  /** Call it after drawing. */
  onDrawn(): void {
    const grid = this.#root.querySelector<HTMLElement>(".grid") ?? undefined;
    if (grid !== this.#grid) {
      this.#grid = grid;
      this.#scroller.connect(grid);
      this.connect();
    }
    if (grid === undefined) return;
    // The focused element may be gone: a row that was folded away, or a button that was clicked.
    const hasLostFocus = this.#hadFocus && this.#root.activeElement === null;
    if (this.#wantsFocus || hasLostFocus) {
      grid.querySelector<HTMLElement>(".row[tabindex='0']")?.focus({ preventScroll: true });
    }
    this.#wantsFocus = false;
    if (this.#host.follow) this.#follow();
  }

  /** Watches sizes and gestures until `disconnect`. */
  connect(): void {
    this.disconnect();
    const grid = this.#grid;
    if (grid === undefined) return;
    this.#gestures.connect(grid);
    grid.addEventListener("focusin", this.#onFocus);
    for (const part of [grid, ...grid.querySelectorAll(".probe, .axis")]) ifAllowed(() => this.#sizes?.observe(part));
  }

  disconnect(): void {
    this.#gestures.disconnect();
    ifAllowed(() => this.#sizes?.disconnect());
  }

  /** The rows in view, and the focused row: it would lose the focus if it were not in the document. */
  #rowsInView(): readonly TraceRow[] {
    const { start, end } = this.#scroller;
    const rows = this.rows(start, end);
    const index = this.#focused === undefined ? 0 : Math.max(0, this.#model.indexOf(this.#focused));
    const focused = rows[index - start] ?? this.rows(index, index + 1)[0];
    // The tab stop of a row that was folded away moves to the row above it.
    this.#focused = focused?.node;
    if (focused === undefined || rows.includes(focused)) return rows;
    return index < start ? [focused, ...rows] : [...rows, focused];
  }

  /** Scrolls to the newest span. */
  #follow(): void {
    const { newest } = this.#model.rows;
    if (newest !== undefined && this.#scroller.follow(this.#model.indexOf(newest))) this.#host.refresh();
  }

  #onScroll(): void {
    if (this.#scroller.onScroll()) this.#host.follow = false;
    this.#host.refresh();
  }

  #onKey(event: KeyboardEvent): void {
    // A key on a button inside a row is for the button.
    if (!(event.target as Element).matches(".row") || this.#focused === undefined) return;
    if (this.#keys.press(event, this.#model.indexOf(this.#focused), this)) event.preventDefault();
  }

  #onClick(event: MouseEvent): void {
    const row = this.#rowOf(event);
    if (row === undefined) return;
    const isToggle = row.hasChildren && (event.target as Element).closest(".twisty") !== null;
    if (isToggle) this.setExpanded(row, !row.isExpanded);
    else this.open(row.node === this.#model.selected ? undefined : row);
  }

  #onDoubleClick(event: MouseEvent): void {
    const { node } = this.#rowOf(event) ?? {};
    if (node?.startTime === undefined || (event.target as Element).closest("[data-timeline]") === null) return;
    const from = node.startTime - this.#model.extent.originOf(node);
    const length = (node.endTime ?? this.#context?.now ?? 0) - node.startTime;
    this.window.show({ from: from - length * 0.1, to: from + length * 1.1 });
    this.#host.refresh();
  }

  readonly #onFocus = (event: FocusEvent): void => {
    this.#focused = this.#rowOf(event)?.node ?? this.#focused;
    this.#host.refresh();
  };

  #rowOf(event: Event): TraceRow | undefined {
    const index = (event.target as Element).closest<HTMLElement>(".row")?.dataset["index"];
    return this.shown.find((row) => String(row.index) === index);
  }

  get #maxTicks(): number {
    return Math.max(2, Math.floor(this.#timelinePx / PX_PER_TICK));
  }

  #measure(): void {
    const sizeOf = (part: string): DOMRect | undefined => this.#grid?.querySelector(part)?.getBoundingClientRect();
    const { selected } = this.#model;
    const viewPx = (this.#grid?.clientHeight ?? 0) - (sizeOf(".head")?.height ?? 0);
    this.#scroller.measure(viewPx, sizeOf(".probe")?.height, selected ? this.#model.indexOf(selected) : -1);
    this.#timelinePx = this.timelineRect?.width || this.#timelinePx;
    this.#fontPx = Number.parseFloat(getComputedStyle(this.#root.host).fontSize) || this.#fontPx;
    this.isNarrow = this.#root.host.clientWidth <= NARROW_PX;
    this.#host.refresh();
  }
}
