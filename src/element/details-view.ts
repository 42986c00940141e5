import type { SpanNode } from "../trace/tree/node.ts";
import { isolateText } from "../trace/view/visible-text.ts";
import { showJson } from "./bounded-text.ts";
import { type Child, h, type View } from "./dom.ts";
import { icon, stateIcon } from "./icons.ts";
import { attemptBadge, durationText, errorOf, progressOf, rowLabel } from "./row-text.ts";
import { shownState } from "./open-work.ts";
import { longText, progressText, shortText } from "./span-text.ts";
import type { TraceContext } from "./trace-context.ts";
import { onlyAttempt } from "./trace-rows.ts";

/** A browser stands more, but nobody reads thousands of lines in a pane; the latest are the telling ones. */
const MAX_LOG_LINES = 200;
const MAX_ATTRIBUTES = 100;
const MAX_TEXT_LENGTH = 5_000;

/** Everything that is known of a span: its error in full, its times, attributes and log. */
export function detailsView(node: SpanNode, context: TraceContext): View {
  const { labels, formats, host, hasCopied, model } = context;
  const name = rowLabel(node, context);
  const state = shownState(node);
  const error = errorOf(node);
  const attempt = onlyAttempt(node);
  const progress = progressOf(node);
  const { startTime } = node;
  const moment = (time: number | undefined) => (time === undefined ? undefined : formats.moment(time, true));
  const tool = (image: string, words: string, onclick: () => void): View =>
    h("button", { type: "button", class: "tool", title: words, "aria-label": words, onclick }, icon(image));
  return h(
    "section",
    {
      key: "details",
      class: "details",
      part: "details",
      "aria-label": `${labels.details}: ${isolateText(name)}`,
      "data-state": state,
    },
    h(
      "div",
      { class: "details-head" },
      stateIcon(state),
      h("b", { dir: "auto" }, name),
      tool(hasCopied ? "check" : "link", hasCopied ? labels.copied : labels.copyLink, () => void host.copyLink(node)),
      tool("close", labels.closeDetails, () => host.show(undefined)),
    ),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "group", "aria-label": labels.details },
      error && h("pre", { class: "error", dir: "auto" }, longText(error, MAX_TEXT_LENGTH) || labels.failedSilently),
      list([
        [
          labels.state,
          [labels[state], attemptBadge(node, context), node.isOrphan && labels.orphan].filter(Boolean).join(" · "),
        ],
        [labels.progressWord, progress && progressText(progress, formats, labels)],
        [labels.duration, durationText(node, context)],
        [
          labels.started,
          startTime !== undefined &&
            `${moment(startTime)} (+${formats.duration(startTime - model.extent.originOf(node))})`,
        ],
        [labels.endedAt, moment(node.endTime)],
        [labels.until, moment(node.until)],
        [labels.kind, node.kind],
        [labels.spanId, h("code", {}, shortText(node.spanId))],
        [labels.traceId, h("code", {}, shortText(node.traceId))],
      ]),
      attributeViews({ ...node.attributes, ...attempt?.attributes }, context),
      logViews([...node.logs, ...(attempt?.logs ?? [])], startTime, context),
    ),
  );
}

function attributeViews(attributes: SpanNode["attributes"], context: TraceContext): Child {
  const { labels } = context;
  const entries = Object.entries(attributes);
  if (entries.length === 0) return undefined;
  return [
    h("h4", {}, labels.attributes),
    list(entries.slice(0, MAX_ATTRIBUTES).map(([name, value]) => [shortText(name) || labels.noName, valueView(value)])),
    rest(entries.length - MAX_ATTRIBUTES, context),
  ];
}

function logViews(lines: SpanNode["logs"], start: number | undefined, context: TraceContext): Child {
  const { labels, formats } = context;
  if (lines.length === 0) return undefined;
  return [
    h("h4", {}, labels.log),
    rest(lines.length - MAX_LOG_LINES, context),
    h(
      "ol",
      { class: "log", "aria-label": labels.log },
      lines
        .slice(-MAX_LOG_LINES)
        .map(({ time, level, message, attributes }) =>
          h(
            "li",
            { "data-level": level },
            h(
              "span",
              { title: formats.moment(time, true) },
              start !== undefined && `+${formats.duration(time - start)}`,
            ),
            h("span", { class: "level" }, level),
            h(
              "div",
              { dir: "auto" },
              longText(message, MAX_TEXT_LENGTH),
              isEmpty(attributes) ? undefined : valueView(attributes),
            ),
          ),
        ),
    ),
  ];
}

function list(entries: readonly (readonly [name: string, value: Child | 0])[]): View {
  return h(
    "dl",
    {},
    entries.map(
      ([name, value]) => value && h("div", {}, h("dt", { dir: "auto" }, name), h("dd", { dir: "auto" }, value)),
    ),
  );
}

/** JSON as it is shown. It stays the same for as long as the value is the same object, and the pane is drawn with every frame. */
const shownJson = new WeakMap<object, string>();

function valueView(value: unknown): Child {
  if (typeof value === "string") return longText(value, MAX_TEXT_LENGTH);
  const known = typeof value === "object" && value !== null ? shownJson.get(value) : undefined;
  const text = known ?? longText(showJson(value, MAX_TEXT_LENGTH), MAX_TEXT_LENGTH + 1);
  if (typeof value === "object" && value !== null) shownJson.set(value, text);
  return h("code", { dir: "auto" }, text);
}

function isEmpty(attributes: object): boolean {
  for (const name in attributes) if (Object.hasOwn(attributes, name)) return false;
  return true;
}

function rest(count: number, { labels, formats }: TraceContext): Child {
  return count > 0 && h("p", {}, labels.notShown(formats.count(count)));
}
