export interface FrameLoopTasks {
  /** Brings the page up to date with what has arrived. */
  readonly render: () => void;
  /** Moves what moves with time alone; in whole seconds where `coarse`. */
  readonly tick: (coarse: boolean) => void;
  readonly isTicking: () => boolean;
}

const tickMs = 100;
const coarseTickMs = 1_000;
/** In a hidden page there are no frames, but its title is still read. */
const hiddenRenderMs = 500;

/** The page's one clock: renders at most once per frame, however many events arrive, and ticks ten times a second. */
export class FrameLoop {
  readonly #tasks: FrameLoopTasks;
  readonly #calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  #isDirty = false;
  #lastTick = 0;

  constructor(tasks: FrameLoopTasks) {
    this.#tasks = tasks;
  }

  start(): void {
    document.addEventListener("visibilitychange", () => this.#flush());
    const onFrame = (time: number): void => {
      this.#flush();
      const everyMs = this.#calm.matches ? coarseTickMs : tickMs;
      if (time - this.#lastTick >= everyMs && this.#tasks.isTicking()) {
        this.#lastTick = time;
        this.#tasks.tick(this.#calm.matches);
      }
      requestAnimationFrame(onFrame);
    };
    requestAnimationFrame(onFrame);
  }

  /** Asks for a render with the next frame. */
  invalidate(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    if (document.hidden) setTimeout(() => this.#flush(), hiddenRenderMs);
  }

  #flush(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#tasks.render();
    this.#tasks.tick(this.#calm.matches);
  }
}
