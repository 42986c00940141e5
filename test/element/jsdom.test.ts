// @vitest-environment jsdom
// oxlint-disable-next-line import/no-unassigned-import -- It defines the elements.
import "ssetarget/element";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { SpanTree } from "ssetarget/workflows";
import { ended, logged, started } from "../trace/support/span-events.ts";

/** The elements in the DOM that most tests of pages have. It draws nothing, and has no `IntersectionObserver`. */
describe.each(["ssetarget-trace", "ssetarget-progress"])("<%s> in jsdom", (name) => {
  const events = [started("run", { name: "import" }), started("step", { name: "read", parent: "run", ms: 1 })];
  const stream = events
    .map(({ type, ...data }, index) => `id: ${index + 1}.epoch\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
    .join("");

  beforeEach(() => {
    const body = () =>
      new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(stream)) });
    vi.stubGlobal("fetch", async () => new Response(body(), { headers: { "content-type": "text/event-stream" } }));
  });
  afterEach(() => {
    document.body.replaceChildren();
    vi.unstubAllGlobals();
  });

  it("shows a run", async () => {
    const element = document.createElement(name);
    element.setAttribute("src", "/runs/run/sse");
    document.body.append(element);
    await vi.waitFor(() => expect(element.shadowRoot?.textContent).toContain("read"));
    expect((element as unknown as { readonly status: string }).status).toBe("open");
  });
});

describe("a run of a clock that begins with 1970", () => {
  it("is shown with its times", async () => {
    const time = (ms: number) => ({ timestamp: new Date(ms).toISOString() });
    const tree = new SpanTree();
    tree.applyAll([
      { ...started("run", { name: "import", kind: "wait", until: time(0).timestamp }), ...time(0) },
      { ...logged("run", "the line"), ...time(5_000) },
      { ...ended("run"), ...time(0) },
    ]);
    const element = document.createElement("ssetarget-trace");
    const watch = { tree, state: { status: "ended" as const } };
    element.watch = { ...watch, subscribe: () => () => {}, close: () => {}, reconnect: () => {} };
    document.body.append(element);
    onTestFinished(() => element.remove());
    await vi.waitFor(() => expect(element.shadowRoot?.textContent).toContain("import"));
    element.select("run");
    await vi.waitFor(() => expect(element.shadowRoot?.querySelectorAll("dl").length).toBeGreaterThan(0));
    const texts = [...(element.shadowRoot?.querySelectorAll("dt") ?? [])].map(({ textContent }) => textContent);
    expect(texts).toEqual(expect.arrayContaining(["Started", "Ended", "Until"]));
    expect(element.shadowRoot?.querySelector(".header-time")?.textContent).toMatch(/1970|:00/);
    expect(element.shadowRoot?.querySelector("[data-level]")?.textContent).toContain("+5");
    expect(element.shadowRoot?.querySelector(".time-cell .vh")?.textContent).not.toBe("");
  });
});
