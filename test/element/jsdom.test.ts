// @vitest-environment jsdom
// oxlint-disable-next-line import/no-unassigned-import -- It defines the elements.
import "ssetarget/element";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { started } from "../workflows/span-events.ts";

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
