// @vitest-environment jsdom
// oxlint-disable-next-line import/no-unassigned-import -- It defines the elements.
import "ssetarget/element";
import type { SSETargetTraceElement, SSETargetProgressElement } from "ssetarget/element";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { allowAll, getter, insecure, refusalsOf, refusalsToCall, type Refusal } from "../support/refusals.ts";
import { started } from "../trace/support/span-events.ts";

const events = [started("run", { name: "import" }), started("step", { name: "read", parent: "run", ms: 1 })];
const stream = events
  .map(({ type, ...data }, index) => `id: ${index + 1}.epoch\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
  .join("");

/** An observer that works, and says nothing before it is asked to. */
class Observer {
  static last: Observer | undefined;
  readonly say: (entries: readonly { readonly isIntersecting: boolean }[]) => void;
  constructor(say: Observer["say"]) {
    this.say = say;
    Observer.last = this;
  }
  observe(): void {}
  disconnect(): void {}
}

beforeEach(() => {
  const body = () =>
    new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(stream)) });
  vi.stubGlobal(
    "fetch",
    async () => new Response(body(), { headers: { "content-type": "text/event-stream", "ssetarget-stream": "run" } }),
  );
});
afterEach(() => {
  document.body.replaceChildren();
  allowAll();
  vi.unstubAllGlobals();
});

const refused: readonly Refusal[] = [
  ...["IntersectionObserver", "ResizeObserver"].flatMap((name) => [
    ...refusalsToCall(globalThis, name),
    [`${name} that says nothing`, () => vi.stubGlobal(name, Observer)] as const,
    ...["observe", "disconnect"].map((method): Refusal => [
      `${name} with ${method} that throws`,
      () => {
        vi.stubGlobal(name, Observer);
        getter(Observer.prototype, method, () => insecure);
      },
    ]),
  ]),
  ...["matchMedia", "requestAnimationFrame", "CSSStyleSheet", "BroadcastChannel", "reportError"].flatMap((name) =>
    refusalsToCall(globalThis, name),
  ),
  ...["localStorage", "sessionStorage", "indexedDB", "SharedWorker", "navigator", "crypto"].flatMap((name) =>
    refusalsOf(globalThis, name),
  ),
  [
    "shared style sheets that are refused",
    () => getter(ShadowRoot.prototype, "adoptedStyleSheets", () => [], insecure),
  ],
];

describe.each(["ssetarget-trace", "ssetarget-progress"])("<%s> in a browser that has", (name) => {
  it.each(refused)("%s shows the run, and can be taken away", async (_, refuse) => {
    refuse();
    const element = document.createElement(name) as SSETargetTraceElement | SSETargetProgressElement;
    element.setAttribute("src", "/runs/run/sse");
    document.body.append(element);
    await vi.waitFor(() => expect(element.shadowRoot?.textContent).toContain("read"), { timeout: 5_000 });
    expect(element.status).toBe("open");
    element.remove();
    await vi.waitFor(() => expect(element.status).toBe("idle"));
  });
});

describe("an element", () => {
  it("that is said to be out of sight draws nothing, until it is in sight", async () => {
    vi.stubGlobal("IntersectionObserver", Observer);
    const element = document.createElement("ssetarget-trace");
    element.setAttribute("src", "/runs/run/sse");
    document.body.append(element);
    Observer.last?.say([{ isIntersecting: false }]);
    const isOpen = vi.fn<() => void>();
    element.addEventListener("ssetarget-state", isOpen);
    await vi.waitFor(() => expect(isOpen).toHaveBeenCalled(), { timeout: 5_000 });
    expect(element.shadowRoot?.textContent).toBe("");
    Observer.last?.say([{ isIntersecting: true }]);
    await vi.waitFor(() => expect(element.shadowRoot?.textContent).toContain("read"));
  });

  it("that somebody else has defined stays theirs, and the other one is defined", async () => {
    const defined = new Map<string, unknown>([["ssetarget-trace", HTMLElement]]);
    vi.stubGlobal("customElements", {
      get: (name: string) => defined.get(name),
      define(name: string, element: unknown) {
        if (defined.has(name)) throw new DOMException("It is defined already.", "NotSupportedError");
        defined.set(name, element);
      },
    });
    vi.resetModules();
    const again = await import("ssetarget/element");
    expect(defined.get("ssetarget-trace")).not.toBe(again.SSETargetTraceElement);
    expect(defined.get("ssetarget-progress")).toBe(again.SSETargetProgressElement);
    vi.resetModules();
    await import("ssetarget/element");
    expect(defined.get("ssetarget-progress")).toBe(again.SSETargetProgressElement);
  });

  it.each(refusalsOf(globalThis, "customElements"))("%s can be loaded, and defines nothing", async (_, refuse) => {
    refuse();
    vi.resetModules();
    const { SSETargetTraceElement: Trace } = await import("ssetarget/element");
    expect(typeof Trace).toBe("function");
  });
});
