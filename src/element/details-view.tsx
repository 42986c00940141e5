/** @jsxImportSource preact */
import type { ComponentChild, ComponentChildren, JSX } from "preact";
import type { SpanNode } from "../trace/tree/node.ts";
import { isolateText } from "../trace/view/visible-text.ts";
import { onlyAttempt } from "../trace/view/shape.ts";
import { showJson } from "./bounded-text.ts";
import { StateIcon } from "./icons.tsx";
import { attemptBadge, durationText, errorOf, progressOf, rowLabel } from "./row-text.ts";
import { shownState } from "./open-work.ts";
import { longText, progressText, shortText } from "./span-text.ts";
import { Tool } from "./toolbar-view.tsx";
import type { TraceContext } from "./trace-context.ts";

/** The newest lines of the log. Browsers can show more, but a reader of a pane does not need thousands. */
const MAX_LOG_LINES = 200;
const MAX_ATTRIBUTES = 100;
const MAX_TEXT_LENGTH = 5_000;

interface DetailsProps {
  readonly node: SpanNode;
  readonly context: TraceContext;
}

/** Everything that is known of a span: its full error, its times, attributes and log. */
export function Details({ node, context }: DetailsProps): JSX.Element {
  const { labels, host, hasCopied } = context;
  const name = rowLabel(node, context);
  const state = shownState(node);
  const error = errorOf(node);
  const attempt = onlyAttempt(node);
  return (
    <section class="details" part="details" aria-label={`${labels.details}: ${isolateText(name)}`} data-state={state}>
      <div class="details-head">
        <StateIcon state={state} />
        <b dir="auto">{name}</b>
        <Tool
          icon={hasCopied ? "check" : "link"}
          label={hasCopied ? labels.copied : labels.copyLink}
          onClick={() => void host.copyLink(node)}
        />
        <Tool icon="close" label={labels.closeDetails} onClick={() => host.show(undefined)} />
      </div>
      <div class="scroll" tabindex={0} role="group" aria-label={labels.details}>
        {error && (
          <pre class="error" dir="auto">
            {longText(error, MAX_TEXT_LENGTH) || labels.failedSilently}
          </pre>
        )}
        <Facts node={node} context={context} />
        <Attributes attributes={{ ...node.attributes, ...attempt?.attributes }} context={context} />
        <Log lines={[...node.logs, ...(attempt?.logs ?? [])]} start={node.startTime} context={context} />
      </div>
    </section>
  );
}

function Facts({ node, context }: DetailsProps): JSX.Element {
  const { labels, formats, model } = context;
  const { startTime, endTime, until } = node;
  const progress = progressOf(node);
  const moment = (time: number | undefined): string | undefined =>
    time === undefined ? undefined : formats.moment(time, true);
  const state = [labels[shownState(node)], attemptBadge(node, context), node.isOrphan && labels.orphan];
  return (
    <dl>
      <Entry name={labels.state}>{state.filter(Boolean).join(" · ")}</Entry>
      <Entry name={labels.progressWord}>{progress && progressText(progress, formats, labels)}</Entry>
      <Entry name={labels.duration}>{durationText(node, context)}</Entry>
      <Entry name={labels.started}>
        {startTime !== undefined &&
          `${moment(startTime)} (+${formats.duration(startTime - model.extent.originOf(node))})`}
      </Entry>
      <Entry name={labels.endedAt}>{moment(endTime)}</Entry>
      <Entry name={labels.until}>{moment(until)}</Entry>
      <Entry name={labels.kind}>{node.kind}</Entry>
      <Entry name={labels.spanId}>
        <code>{shortText(node.spanId)}</code>
      </Entry>
      <Entry name={labels.traceId}>
        <code>{shortText(node.traceId)}</code>
      </Entry>
    </dl>
  );
}

/** A name and its value; nothing if there is no value. */
function Entry({ name, children }: { readonly name: string; readonly children: ComponentChildren }): ComponentChild {
  if (!children) return undefined;
  return (
    <div>
      <dt dir="auto">{name}</dt>
      <dd dir="auto">{children}</dd>
    </div>
  );
}

interface AttributesProps {
  readonly attributes: SpanNode["attributes"];
  readonly context: TraceContext;
}

function Attributes({ attributes, context }: AttributesProps): ComponentChild {
  const { labels } = context;
  const entries = Object.entries(attributes);
  if (entries.length === 0) return undefined;
  return (
    <>
      <h4>{labels.attributes}</h4>
      <dl>
        {entries.slice(0, MAX_ATTRIBUTES).map(([name, value]) => (
          <Entry name={shortText(name) || labels.noName}>{valueView(value)}</Entry>
        ))}
      </dl>
      <Rest count={entries.length - MAX_ATTRIBUTES} context={context} />
    </>
  );
}

interface LogProps {
  readonly lines: SpanNode["logs"];
  readonly start: number | undefined;
  readonly context: TraceContext;
}

function Log({ lines, start, context }: LogProps): ComponentChild {
  const { labels, formats } = context;
  if (lines.length === 0) return undefined;
  return (
    <>
      <h4>{labels.log}</h4>
      <Rest count={lines.length - MAX_LOG_LINES} context={context} />
      <ol class="log" aria-label={labels.log}>
        {lines.slice(-MAX_LOG_LINES).map(({ time, level, message, attributes }) => (
          <li data-level={level}>
            <span title={formats.moment(time, true)}>
              {start !== undefined && `+${formats.duration(time - start)}`}
            </span>
            <span class="level">{level}</span>
            <div dir="auto">
              {longText(message, MAX_TEXT_LENGTH)}
              {!isEmpty(attributes) && valueView(attributes)}
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}

/** How many more there are. */
function Rest({
  count,
  context: { labels, formats },
}: {
  readonly count: number;
  readonly context: TraceContext;
}): ComponentChild {
  return count > 0 && <p>{labels.notShown(formats.count(count))}</p>;
}

/** Objects as JSON. The pane is drawn in every frame, and an object does not change. */
const shownJson = new WeakMap<object, string>();

function valueView(value: unknown): ComponentChild {
  if (typeof value === "string") return longText(value, MAX_TEXT_LENGTH);
  const known = typeof value === "object" && value !== null ? shownJson.get(value) : undefined;
  const text = known ?? longText(showJson(value, MAX_TEXT_LENGTH), MAX_TEXT_LENGTH + 1);
  if (typeof value === "object" && value !== null) shownJson.set(value, text);
  return <code dir="auto">{text}</code>;
}

function isEmpty(attributes: object): boolean {
  for (const name in attributes) if (Object.hasOwn(attributes, name)) return false;
  return true;
}
