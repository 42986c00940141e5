import { ifAllowed } from "../util/if-allowed.ts";

/** A shorter timer would not fire before the next frame does. */
const FRAME_MS = 34;

/** Calls back at most once per frame, and only on request. Nothing runs while idle, or while the result cannot be seen. */
export class FrameScheduler {
  readonly #onFrame: (timeMs: number) => void;
  #isVisible = false;
  #dueAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame: number | undefined;
  #drawnMs: number | undefined;

  constructor(onFrame: (timeMs: number) => void) {
    this.#onFrame = onFrame;
  }

  /** Whether the result can be seen. Pending requests run once it can. */
  set isVisible(isVisible: boolean) {
    if (isVisible === this.#isVisible) return;
    this.#isVisible = isVisible;
    if (isVisible && this.#dueAt < Infinity) this.request();
    else this.#cancel();
  }

  /** Requests a frame after at least `delayMs`. The earliest request counts. */
  request(delayMs = 0): void {
    const dueAt = performance.now() + delayMs;
    if (dueAt >= this.#dueAt && (this.#frame ?? this.#timer) !== undefined) return;
    this.#dueAt = Math.min(dueAt, this.#dueAt);
    if (!this.#isVisible) return;
    this.#cancel();
    if (delayMs < FRAME_MS) this.#nextFrame();
    else this.#timer = setTimeout(() => this.#nextFrame(), delayMs);
  }

  /** Calls back in the animation frame of this time, unless that was done; outside of one, in the next. */
  drawIn(frameMs: number | undefined): void {
    if (frameMs === undefined || frameMs === this.#drawnMs || !this.#isVisible) return this.request();
    this.#cancel();
    this.#draw(frameMs);
  }

  /** Drops all requests. */
  stop(): void {
    this.#cancel();
    this.#dueAt = Infinity;
    this.#isVisible = false;
  }

  readonly #draw = (timeMs: number): void => {
    this.#frame = undefined;
    this.#dueAt = Infinity;
    this.#drawnMs = timeMs;
    this.#onFrame(timeMs);
  };

  #nextFrame(): void {
    this.#timer = undefined;
    this.#frame = ifAllowed(() => requestAnimationFrame(this.#draw));
    // A DOM that draws nothing, such as jsdom, may have no frames.
    if (this.#frame === undefined) this.#timer = setTimeout(() => this.#draw(performance.now()), FRAME_MS);
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#timer = this.#frame = undefined;
  }
}
