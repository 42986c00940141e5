/** Rows beyond those that are seen, so that a little scrolling shows no empty space. */
const OVERSCAN = 6;

/** Which rows of a tree are seen, and the scrolling to others. All rows are equally high. */
export class RowScroller {
  #grid: HTMLElement | undefined;
  #viewPx = 600;
  #rowPx = 34;
  #scrollTop = 0;
  /** Where following has scrolled to; what is elsewhere, somebody has scrolled to. */
  #followedTo: number | undefined;

  /** Takes the element that scrolls. */
  connect(grid: HTMLElement | undefined): void {
    this.#grid = grid;
    this.#scrollTop = grid?.scrollTop ?? 0;
  }

  get rowsPerPage(): number {
    return Math.max(1, Math.floor(this.#viewPx / this.#rowPx) - 2);
  }

  /** The place of the first row to draw. */
  get start(): number {
    return Math.max(0, Math.floor(this.#scrollTop / this.#rowPx) - OVERSCAN);
  }

  /** The place after that of the last row to draw. */
  get end(): number {
    return Math.ceil((this.#scrollTop + this.#viewPx) / this.#rowPx) + OVERSCAN;
  }

  /**
   * Takes sizes in.
   * @param kept - The place of a row that shall be seen afterwards if it was before: details that open below the tree shall not
   * cover what they are about.
   */
  measure(viewPx: number, rowPx: number | undefined, kept: number): void {
    const wasInView = this.#isInView(kept);
    this.#viewPx = viewPx;
    this.#rowPx = rowPx || this.#rowPx;
    if (wasInView) this.show(kept);
  }

  /** Brings a row into view. */
  show(index: number, isCentred = false): void {
    const grid = this.#grid;
    if (grid === undefined || index < 0 || this.#isInView(index)) return;
    const top = index * this.#rowPx;
    const lowest = top + this.#rowPx - this.#viewPx;
    grid.scrollTop = isCentred ? (top + lowest) / 2 : top < grid.scrollTop ? top : lowest;
    this.#scrollTop = grid.scrollTop;
  }

  /** The same for the row that is followed; true where that has moved anything. */
  follow(index: number): boolean {
    const before = this.#grid?.scrollTop;
    this.show(index);
    this.#followedTo = this.#grid?.scrollTop;
    return this.#followedTo !== before;
  }

  /** To be called when the element has scrolled; true where it was somebody who did that. */
  onScroll(): boolean {
    const grid = this.#grid;
    if (grid === undefined) return false;
    this.#scrollTop = grid.scrollTop;
    // Where the tree has become shorter, it is the browser that has scrolled.
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
