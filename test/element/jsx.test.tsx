// oxlint-disable-next-line import/no-unassigned-import -- It defines the types of the elements in JSX.
import "ssetarget/element";
import type { SSETargetTraceElement } from "ssetarget/element";
import { createRef, type ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";

/** That this compiles is the test. */
const trace: ReactNode = (
  <ssetarget-trace
    src="/runs/run/sse"
    follow
    collapse-finished
    className="wide"
    ref={createRef<SSETargetTraceElement>()}
    style={{ height: 300 }}
    labels={{ live: "Jetzt" }}
    action={(span) => (span.kind === "wait" ? { label: "Approve", run: async () => {} } : undefined)}
    highlight={(span) => span.state === "failed"}
    onssetarget-select={({ detail }) => detail.span?.name}
  />
);

it("compiles and renders both elements in JSX", () => {
  expect(renderToStaticMarkup(trace)).toContain('<ssetarget-trace src="/runs/run/sse"');
  expect(renderToStaticMarkup(<ssetarget-progress src="/runs/run/sse" steps={["pack"]} theme="dark" />)).toContain(
    '<ssetarget-progress src="/runs/run/sse"',
  );
  // @ts-expect-error -- There is no such theme.
  expect(<ssetarget-progress src="/runs/run/sse" theme="sepia" />).toBeDefined();
  // @ts-expect-error -- An address is a text.
  expect(<ssetarget-trace src={7} />).toBeDefined();
});
