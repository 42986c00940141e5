import { Suspense } from "react";
import { renderToReadableStream } from "react-dom/server.edge";
import { renderToString } from "react-dom/server";
import { dehydrateTrace, type Trace, type TraceSnapshot, useEventStream, useSpan, useTrace } from "ssetarget/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ended, started } from "../trace/support/span-events.ts";

const URL_TEXT = "https://shop.example/orders/7/sse";

interface Props {
  readonly url?: string | null;
  readonly snapshot?: TraceSnapshot;
}

function Page({ url = URL_TEXT, snapshot }: Props) {
  const trace = useTrace(url, { snapshot });
  return (
    <p>
      {trace.state.status}: {trace.roots.map(({ name, state }) => `${name} ${state}`)} <Step trace={trace} />
    </p>
  );
}

function Step({ trace }: { readonly trace: Trace }) {
  return useSpan(trace, "step", "run")?.state ?? "unknown";
}

const render = (props: Props) => renderToString(<Page {...props} />).replaceAll("<!-- -->", "");
const events = [started("run"), started("step", { parent: "run", ms: 1 })];

// A server shows; it follows nothing.
beforeEach(() => {
  vi.stubGlobal("fetch", vi.fn());
  vi.useFakeTimers();
});
afterEach(() => {
  expect(fetch).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a page on the server", () => {
  it("shows the trace as it was handed in", () => {
    expect(render({ snapshot: dehydrateTrace(events) })).toBe("<p>connecting: run running running</p>");
  });

  it("shows a trace that is over as over", () => {
    const over = [...events, ended("run", { ms: 5 }), { type: "ssetarget:end" }];
    expect(render({ snapshot: dehydrateTrace(over) })).toBe("<p>ended: run done abandoned</p>");
  });

  it("shows nothing where nothing was handed in, and where there is no URL", () => {
    expect(render({})).toBe("<p>connecting:  unknown</p>");
    expect(render({ url: null })).toBe("<p>closed:  unknown</p>");
  });

  it("knows nothing of another page with the same URL", () => {
    render({ snapshot: dehydrateTrace(events) });
    expect(render({})).toBe("<p>connecting:  unknown</p>");
  });

  it("shows an application's own events by what they had come to", () => {
    const count = (total: number) => total + 1;
    function Events() {
      const { data, events: newest, state } = useEventStream(URL_TEXT, { reduce: count, initialData: 41 });
      return `${data} ${newest.length} ${state.status}`;
    }
    expect(renderToString(<Events />)).toBe("41 0 connecting");
  });

  it("can be streamed", async () => {
    vi.useRealTimers();
    const stream = await renderToReadableStream(
      <Suspense fallback="loading">
        <Page snapshot={dehydrateTrace(events)} />
      </Suspense>,
    );
    expect(await new Response(stream).text()).toContain("running");
    vi.useFakeTimers();
  });

  it("refuses an option that cannot work", () => {
    function Events() {
      useEventStream(URL_TEXT, { maxEvents: -1 });
      return null;
    }
    expect(() => renderToString(<Events />)).toThrow("`maxEvents` must be a whole number of at least 0, got -1");
  });
});
