/** @jsxImportSource preact */
import type { JSX } from "preact";
import { connectionText, refusalNotice } from "./connection.ts";
import { StateIcon } from "./icons.tsx";
import { durationText } from "./row-text.ts";
import type { RunSummary } from "./headline.ts";
import type { TraceContext } from "./trace-context.ts";

interface HeaderProps {
  readonly story: RunSummary | undefined;
  readonly context: TraceContext;
}

/** The header: the run, its state, its duration, and the state of the connection. */
export function Header({ story, context }: HeaderProps): JSX.Element {
  const { labels, formats, connection, host, model, isStill } = context;
  const { run, shown, name, headline } = story ?? {};
  const status = connection?.status ?? "idle";
  return (
    <header class="header" part="header" data-state={shown} data-still={isStill || undefined}>
      {shown && <StateIcon state={shown} />}
      <div class="words">
        {name && (
          <div class="big cut" role="heading" aria-level={2}>
            <bdi>{name}</bdi>
          </div>
        )}
        {headline && (
          <div class="headline cut">
            <bdi>{headline}</bdi>
          </div>
        )}
      </div>
      {run && (
        <div class="header-time">
          <div class="big" role="timer" aria-live="off">
            {durationText(run, context)}
          </div>
          <div class="quiet">{run.startTime !== undefined && labels.startedAt(formats.moment(run.startTime))}</div>
        </div>
      )}
      <div class="connection" part="connection" data-connection={status}>
        <i class="dot" />
        {connectionText(connection, labels, formats, model.tree?.isCompleted ?? false)}
        {status === "waiting" && (
          <button type="button" onClick={() => host.reconnect()}>
            {labels.tryNow}
          </button>
        )}
      </div>
    </header>
  );
}

/** What is missing from the view, and why it stands still. */
export function Notices({ context }: { readonly context: TraceContext }): JSX.Element {
  const { labels, formats, connection, model } = context;
  const { status, error } = connection ?? {};
  const { tree } = model;
  const gap = tree?.gaps.at(-1);
  const overLimit = tree?.ignored.overLimit ?? 0;
  const isMissing = gap?.reason === "trimmed" || gap?.reason === "overflow";
  return (
    <>
      {status === "failed" && <Notice kind="failed" {...refusalNotice(error, labels)} context={context} />}
      {status === "closed" && !tree?.isCompleted && (
        <Notice kind="failed" title={labels.disconnected} text="" context={context} />
      )}
      {gap && (
        <Notice
          kind="gap"
          title={labels.gapTitle}
          text={
            isMissing
              ? labels.gapBetween(formats.count((gap.after ?? 0) + 1), formats.count(gap.resumesAt - 1))
              : labels.gapReset
          }
          context={context}
        />
      )}
      {overLimit > 0 && (
        <Notice
          kind="limit"
          title={labels.gapTitle}
          text={labels.overLimit(formats.count(overLimit))}
          context={context}
        />
      )}
    </>
  );
}

interface NoticeProps {
  readonly kind: "failed" | "gap" | "limit";
  readonly title: string;
  readonly text: string;
  readonly context: TraceContext;
}

function Notice({ kind, title, text, context: { labels, host, model } }: NoticeProps): JSX.Element {
  const isFailed = kind === "failed";
  return (
    <div class="notice" part="notice" role="note" data-notice={kind}>
      <div>
        <b>{title}</b> {text}
        {isFailed && model.roots.length > 0 && <div>{labels.standsStill}</div>}
      </div>
      {isFailed && (
        <button type="button" onClick={() => host.reconnect()}>
          {labels.tryAgain}
        </button>
      )}
    </div>
  );
}
