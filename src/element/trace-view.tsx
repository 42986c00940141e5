/** @jsxImportSource preact */
import type { JSX } from "preact";
import type { ViewStatus } from "./connection.ts";
import { Details } from "./details-view.tsx";
import { Grid } from "./grid-view.tsx";
import { Header, Notices } from "./header-view.tsx";
import type { RunSummary } from "./headline.ts";
import { Toolbar } from "./toolbar-view.tsx";
import type { TraceContext } from "./trace-context.ts";
import type { TreeView } from "./tree-view.ts";

interface TraceProps {
  readonly story: RunSummary | undefined;
  readonly status: ViewStatus;
  readonly tree: TreeView;
  readonly context: TraceContext;
  /** Takes the live region, whose text is set when there is something to announce. */
  readonly takeRegion: (region: HTMLElement | null) => void;
}

/** Everything in `<ssetarget-trace>`. */
export function Trace({ story, status, tree, context, takeRegion }: TraceProps): JSX.Element {
  const { selected } = context.model;
  return (
    <>
      <Header story={story} context={context} />
      <Notices context={context} />
      {story && <Toolbar context={context} />}
      {story ? (
        <div class={tree.window.isZoomed ? "body is-zoomed" : "body"} data-still={context.isStill || undefined}>
          {tree.count > 0 ? <Grid {...tree.view(context)} /> : <NoMatch status={status} context={context} />}
          {selected && <Details node={selected} context={context} />}
        </div>
      ) : (
        <NoRun status={status} context={context} />
      )}
      <div key="region" class="vh" role="status" ref={takeRegion} />
    </>
  );
}

interface EmptyProps {
  readonly status: ViewStatus;
  readonly context: TraceContext;
}

function NoMatch({ status, context: { labels, host } }: EmptyProps): JSX.Element {
  return (
    <div class="empty" data-connection={status}>
      {labels.noMatch}
      <button type="button" onClick={() => host.filter("", [])}>
        {labels.clearFilter}
      </button>
    </div>
  );
}

function NoRun({ status, context: { labels } }: EmptyProps): JSX.Element {
  const isWaiting = status === "connecting" || status === "open";
  return (
    <div class="empty" data-connection={status}>
      <div class="ghost">
        <i />
        <i />
        <i />
      </div>
      {status === "ended" ? labels.emptyEnded : isWaiting ? labels.emptyWaiting : ""}
    </div>
  );
}
