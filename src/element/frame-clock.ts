import { ifAllowed } from "../util/if-allowed.ts";

/** Sooner than this a timer would come no earlier than a frame does. */
const FRAME_MS = 34;

/**
 * Calls back once per frame at the most, and only when asked to: at rest, and while nobody can see what it would draw,
 * nothing runs.
 */
export class FrameClock {
  readonly #onFrame: (timeMs: number) => void;
  #isVisible = false;
  #dueAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame: number | undefined;

  constructor(onFrame: (timeMs: number) => void) {
    this.#onFrame = onFrame;
  }

  /** Whether what it draws can be seen. What was asked for meanwhile is done when it can. */
  set isVisible(isVisible: boolean) {
    if (isVisible === this.#isVisible) return;
    this.#isVisible = isVisible;
    if (isVisible && this.#dueAt < Infinity) this.request();
    else this.#cancel();
  }

  /** Asks for a frame, not before `delayMs` have passed. The soonest wish counts. */
  request(delayMs = 0): void {
    const dueAt = performance.now() + delayMs;
    if (dueAt >= this.#dueAt && (this.#frame ?? this.#timer) !== undefined) return;
    this.#dueAt = Math.min(dueAt, this.#dueAt);
    if (!this.#isVisible) return;
    this.#cancel();
    if (delayMs < FRAME_MS) this.#nextFrame();
    else this.#timer = setTimeout(() => this.#nextFrame(), delayMs);
  }

  /** Forgets all wishes. */
  stop(): void {
    this.#cancel();
    this.#dueAt = Infinity;
    this.#isVisible = false;
  }

  #nextFrame(): void {
    this.#timer = undefined;
    const draw = (timeMs: number): void => {
      this.#frame = undefined;
      this.#dueAt = Infinity;
      this.#onFrame(timeMs);
    };
    this.#frame = ifAllowed(() => requestAnimationFrame(draw));
    // A DOM that draws nothing, such as jsdom, may have no frames.
    if (this.#frame === undefined) this.#timer = setTimeout(() => draw(performance.now()), FRAME_MS);
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#timer = this.#frame = undefined;
  }
}
