/** Rows drawn above and below the view, so that scrolling shows no empty space. */
const OVERSCAN = 6;

/** Computes which rows are in view, and scrolls to others. All rows have the same height. */
export class RowScroller {
  #grid: HTMLElement | undefined;
  #viewPx = 600;
  #rowPx = 34;
  #scrollTop = 0;
  /** The position that following has scrolled to. Any other position comes from the reader. */
  #followedTo: number | undefined;

  /** Sets the element that scrolls. */
  connect(grid: HTMLElement | undefined): void {
    this.#grid = grid;
    this.#scrollTop = grid?.scrollTop ?? 0;
  }

  get rowsPerPage(): number {
    return Math.max(1, Math.floor(this.#viewPx / this.#rowPx) - 2);
  }

  /** The index of the first row to draw. */
  get start(): number {
    return Math.max(0, Math.floor(this.#scrollTop / this.#rowPx) - OVERSCAN);
  }

  /** The index after the last row to draw. */
  get end(): number {
    return Math.ceil((this.#scrollTop + this.#viewPx) / this.#rowPx) + OVERSCAN;
  }

  /**
   * Updates the sizes.
   * @param kept - The index of a row that stays in view if it is in view: details that open below the tree must not cover
   * their span.
   */
  measure(viewPx: number, rowPx: number | undefined, kept: number): void {
    const wasInView = this.#isInView(kept);
    this.#viewPx = viewPx;
    this.#rowPx = rowPx || this.#rowPx;
    if (wasInView) this.show(kept);
  }

  /** Scrolls a row into view. */
  show(index: number, isCentred = false): void {
    const grid = this.#grid;
    if (grid === undefined || index < 0 || this.#isInView(index)) return;
    const top = index * this.#rowPx;
    const lowest = top + this.#rowPx - this.#viewPx;
    grid.scrollTop = isCentred ? (top + lowest) / 2 : top < grid.scrollTop ? top : lowest;
    this.#scrollTop = grid.scrollTop;
  }

  /** Scrolls the followed row into view. Returns whether that moved anything. */
  follow(index: number): boolean {
    const before = this.#grid?.scrollTop;
    this.show(index);
    this.#followedTo = this.#grid?.scrollTop;
    return this.#followedTo !== before;
  }

  /** Call it after each scroll event. Returns whether the reader scrolled. */
  onScroll(): boolean {
    const grid = this.#grid;
    if (grid === undefined) return false;
    this.#scrollTop = grid.scrollTop;
    // The browser scrolls by itself when the tree becomes shorter.
    const isAtEnd = this.#scrollTop >= grid.scrollHeight - grid.clientHeight - 1;
    const isFollowed = Math.abs(this.#scrollTop - (this.#followedTo ?? this.#scrollTop)) < 2;
    return !isAtEnd && !isFollowed;
  }

  #isInView(index: number): boolean {
    const top = index * this.#rowPx;
    const { scrollTop = 0 } = this.#grid ?? {};
    return index >= 0 && top >= scrollTop && top + this.#rowPx <= scrollTop + this.#viewPx;
  }
}
