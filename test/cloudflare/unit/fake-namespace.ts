import type { SpanEvent } from "../../../src/trace/events.ts";
import type { WorkflowEvents } from "../../../src/cloudflare/workflow-events.ts";

type Call = (events: readonly SpanEvent[]) => Promise<void>;

/** Stands in for a namespace whose objects can be told to fail: the real one always works here. */
export class FakeNamespace {
  /** What each call brought, whether it succeeded or not. */
  readonly calls: { readonly instanceId: string; readonly names: readonly string[]; readonly stub: number }[] = [];
  /** What arrived and was stored. */
  readonly stored: string[] = [];
  stubs = 0;
  callsUnderWay = 0;
  mostCallsUnderWay = 0;
  /** What the next calls do, one each; after them calls succeed. */
  readonly next: Call[] = [];

  get binding(): DurableObjectNamespace<WorkflowEvents> {
    return {
      idFromName: (name: string) => name,
      get: (instanceId: string) => {
        const stub = ++this.stubs;
        return { dispatchEvent: (events: readonly SpanEvent[]) => this.#call(instanceId, stub, events) };
      },
    } as unknown as DurableObjectNamespace<WorkflowEvents>;
  }

  async #call(instanceId: string, stub: number, events: readonly SpanEvent[]): Promise<void> {
    const names = events.map(({ name = "" }) => name);
    this.calls.push({ instanceId, names, stub });
    this.callsUnderWay++;
    this.mostCallsUnderWay = Math.max(this.mostCallsUnderWay, this.callsUnderWay);
    try {
      await this.next.shift()?.(events);
      this.stored.push(...names);
    } finally {
      this.callsUnderWay--;
    }
  }
}

export const fail: Call = () => Promise.reject(new Error("the object is not there"));
export const hang: Call = () => new Promise(() => {});

/** An event that is told apart by its name. */
export function spanEvent(name: string, type: "started" | "updated" | "log" = "started", padding = ""): SpanEvent {
  const span = {
    key: name,
    traceId: "t",
    spanId: name,
    parentSpanId: null,
    name,
    timestamp: "2026-01-01T00:00:00.000Z",
  };
  return (type === "log"
    ? { ...span, type, level: "info", message: padding }
    : { ...span, type, attributes: { padding } }) as unknown as SpanEvent;
}
