import { ifAllowed } from "../util/if-allowed.ts";
import type { TimeRange, TimeWindow } from "./time-window.ts";

/** A press becomes a drag when it has moved by this many pixels. */
const DRAG_PX = 4;
/** The zoom of one pixel of the wheel. Pinches send small steps, wheels large ones. */
const WHEEL_ZOOM = 0.0025;
const PINCH_ZOOM = 0.01;
const PINCH_PX = 20;
const LINE_PX = 16;
/** A shorter selection is a click that slipped. */
const MIN_BRUSH = 0.005;

/** The target of the gestures. */
export interface TimelineHost {
  readonly window: TimeWindow;
  /** The place of the timeline on the screen. */
  readonly timelineRect: DOMRect | undefined;
  readonly isRightToLeft: boolean;
  /** Marks a part of the visible range, from 0 to 1, or none, and draws. */
  brush(range: TimeRange | undefined): void;
}

/**
 * Zooms and pans the time axis by wheel, mouse and fingers, in every element with `data-timeline`. The wheel zooms with
 * Ctrl or Meta (which a pinch on a touchpad sends too), and pans sideways or with Shift. Dragging pans; on the axis it
 * selects the range to zoom into. Two fingers pinch.
 */
export class TimelineGestures {
  readonly #host: TimelineHost;
  /** The pointers that are down, and their places on the screen. */
  readonly #pointers = new Map<number, number>();
  #listening: AbortController | undefined;
  /** Where the press began: on the screen, and on the axis from 0 to 1 if it was there. */
  #pressedAt = 0;
  #anchor: number | undefined;
  #hasDragged = false;

  constructor(host: TimelineHost) {
    this.#host = host;
  }

  /** Listens within this element until `disconnect`. */
  connect(area: HTMLElement): void {
    this.#listening = new AbortController();
    const options = { signal: this.#listening.signal, passive: false, capture: true };
    area.addEventListener("wheel", this.#onWheel, options);
    area.addEventListener("pointerdown", this.#onDown, options);
    area.addEventListener("pointermove", this.#onMove, options);
    area.addEventListener("pointerup", this.#onUp, options);
    area.addEventListener("pointercancel", this.#onUp, options);
    area.addEventListener("click", this.#onClick, options);
  }

  disconnect(): void {
    this.#listening?.abort();
    this.#pointers.clear();
  }

  readonly #onWheel = (event: WheelEvent): void => {
    const { window } = this.#host;
    const px = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const down = event.deltaY * px;
    const sideways = (event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX) * px;
    if (event.ctrlKey || event.metaKey) {
      const factor = Math.exp(down * (Math.abs(down) < PINCH_PX ? PINCH_ZOOM : WHEEL_ZOOM));
      window.zoom(factor, this.#placeOf(event.clientX), true);
    } else if (window.isZoomed && (event.shiftKey || Math.abs(sideways) > Math.abs(down))) {
      window.pan(this.#shareOf(sideways), true);
    } else return;
    event.preventDefault();
    this.#host.brush(undefined);
  };

  readonly #onDown = (event: PointerEvent): void => {
    this.#hasDragged = false;
    const part = (event.target as Element).closest("[data-timeline]")?.getAttribute("data-timeline");
    if (part == null || event.button !== 0) return;
    this.#pressedAt = event.clientX;
    this.#pointers.set(event.pointerId, event.clientX);
    this.#anchor = part === "axis" ? this.#placeOf(event.clientX) : undefined;
  };

  readonly #onMove = (event: PointerEvent): void => {
    const { pointerId, clientX } = event;
    const before = this.#pointers.get(pointerId);
    if (before === undefined) return;
    if (!this.#hasDragged && Math.abs(clientX - this.#pressedAt) < DRAG_PX) return;
    // The pointer may be gone by now.
    if (!this.#hasDragged) ifAllowed(() => (event.currentTarget as Element).setPointerCapture(pointerId));
    this.#hasDragged = true;
    this.#pointers.set(pointerId, clientX);
    const { window } = this.#host;
    const [other] = [...this.#pointers].find(([id]) => id !== pointerId)?.slice(1) ?? [];
    if (other !== undefined) {
      const spread = (x: number): number => Math.max(PINCH_PX, Math.abs(x - other));
      window.zoom(spread(before) / spread(clientX), this.#placeOf(other), true);
    } else if (this.#anchor === undefined) window.pan(this.#shareOf(before - clientX), true);
    this.#host.brush(this.#brushTo(clientX));
  };

  readonly #onUp = ({ type, pointerId, clientX }: PointerEvent): void => {
    const range = this.#brushTo(clientX);
    const isKnown = this.#pointers.delete(pointerId);
    this.#anchor = undefined;
    if (!isKnown || range === undefined) return;
    const { window } = this.#host;
    const { from, to } = window.shown;
    if (type === "pointerup" && range.to - range.from > MIN_BRUSH) {
      window.show({ from: from + (to - from) * range.from, to: from + (to - from) * range.to });
    }
    this.#host.brush(undefined);
  };

  /** Ignores the click that ends a drag. */
  readonly #onClick = (event: MouseEvent): void => {
    if (this.#hasDragged) event.stopImmediatePropagation();
    this.#hasDragged = false;
  };

  /** The selection on the axis when the drag is at `x`. */
  #brushTo(x: number): TimeRange | undefined {
    const anchor = this.#anchor;
    if (anchor === undefined || !this.#hasDragged) return undefined;
    const place = this.#placeOf(x);
    return { from: Math.min(anchor, place), to: Math.max(anchor, place) };
  }

  /** The place of a point of the screen in the timeline, from 0 to 1 in the direction of time. */
  #placeOf(x: number): number {
    const { left = 0, right = 0 } = this.#host.timelineRect ?? {};
    const share = this.#shareOf(this.#host.isRightToLeft ? x - right : x - left);
    return Math.min(1, Math.max(0, share));
  }

  /** A distance on the screen as a share of the timeline, in the direction of time. */
  #shareOf(px: number): number {
    return (this.#host.isRightToLeft ? -px : px) / (this.#host.timelineRect?.width || 1);
  }
}
