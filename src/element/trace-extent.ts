import type { SpanNode } from "../trace/tree/node.ts";
import { isOpen } from "../trace/view/shape.ts";
import { TreeFold } from "./tree-fold.ts";

interface Extent {
  /** The latest known time of the span and those below it. */
  readonly end: number;
  readonly isOpen: boolean;
}

/** When the traces of a tree start, and how long they have taken. In milliseconds on the server's clock. */
export class TraceExtent {
  readonly #extents = new TreeFold<Extent>(everyChild, (node, of) => {
    let end = Math.max(node.startTime ?? -Infinity, node.endTime ?? -Infinity);
    let hasOpen = isOpen(node);
    for (const below of everyChild(node)) {
      const extent = of(below);
      if (extent.end > end) end = extent.end;
      hasOpen ||= extent.isOpen;
    }
    return { end, isOpen: hasOpen };
  });
  #roots: readonly SpanNode[] = [];
  #origins = new Map<string, number>();
  #closedMs = 0;
  #openOrigin: number | undefined;

  update(roots: readonly SpanNode[]): void {
    if (roots === this.#roots) return;
    this.#roots = roots;
    this.#origins = new Map();
    this.#closedMs = 0;
    this.#openOrigin = undefined;
    // Each trace starts with its earliest root: a restarted run is drawn from its own start.
    for (const { traceId, startTime } of roots) {
      if (startTime === undefined) continue;
      this.#origins.set(traceId, Math.min(startTime, this.#origins.get(traceId) ?? startTime));
    }
    for (const root of roots) {
      const origin = this.#origins.get(root.traceId);
      if (origin === undefined) continue;
      const extent = this.#extents.of(root);
      this.#closedMs = Math.max(this.#closedMs, extent.end - origin);
      if (extent.isOpen) this.#openOrigin = Math.min(origin, this.#openOrigin ?? origin);
    }
  }

  /** Start of the span's trace; the span's own start if nothing above it is known. */
  originOf({ traceId, startTime }: SpanNode): number {
    return this.#origins.get(traceId) ?? startTime ?? 0;
  }

  /** Whether anything is open. */
  get isOpen(): boolean {
    return this.#openOrigin !== undefined;
  }

  /** Duration of the longest trace so far. */
  elapsedMs(now: number): number {
    return Math.max(this.#closedMs, this.nowMs(now) ?? 0);
  }

  /** Time since the start of the earliest open trace; undefined if none is open. */
  nowMs(now: number): number | undefined {
    return this.#openOrigin === undefined ? undefined : Math.max(0, now - this.#openOrigin);
  }
}

function everyChild({ children, attempts }: SpanNode): readonly SpanNode[] {
  return attempts.length === 0 ? children : [...attempts, ...children];
}
