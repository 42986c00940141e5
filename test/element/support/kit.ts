/** What tests and pictures load into a page: the elements, and a watch that is fed by hand. */
import type { ConnectionState, ConnectionStatus } from "../../../src/client/connection-state.ts";
import { SSETargetProgressElement, SSETargetTraceElement } from "../../../src/element.ts";
import { SpanTree } from "../../../src/trace/tree/tree.ts";

/** A watch without a connection: what it is given is what there is. */
export class HandWatch {
  readonly tree = new SpanTree();
  readonly #listeners = new Set<() => void>();
  state: ConnectionState = { status: "connecting", attempt: 0 };
  version = 0;
  reconnects = 0;
  isClosed = false;

  get listeners(): number {
    return this.#listeners.size;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  feed(events: Iterable<unknown>): void {
    this.tree.applyAll(events);
    this.#tell();
  }

  become(status: ConnectionStatus, more: Partial<ConnectionState> = {}): void {
    this.state = { attempt: 0, ...more, status };
    this.#tell();
  }

  reconnect(): void {
    this.reconnects += 1;
  }

  close(): void {
    this.isClosed = true;
  }

  #tell(): void {
    this.version += 1;
    for (const listener of this.#listeners) listener();
  }
}

Object.assign(globalThis, { HandWatch, SSETargetProgressElement, SSETargetTraceElement });

declare global {
  /** In pages that `openElementPages` has opened. */
  interface Window {
    readonly HandWatch: new () => HandWatch;
    element: SSETargetTraceElement;
    progress: SSETargetProgressElement;
    watch: HandWatch;
    /** What elements have told by events. */
    told: { readonly type: string; readonly detail: unknown }[];
  }
}
