import { connectionText, refusalNotice } from "./connection.ts";
import { type Child, h, type View } from "./dom.ts";
import { icon, stateIcon } from "./icons.ts";
import { durationText } from "./row-text.ts";
import type { RunStory } from "./run-story.ts";
import { shownCounts } from "./open-work.ts";
import type { TraceContext } from "./trace-context.ts";

const STATES = ["running", "waiting", "sleeping", "failed", "done", "abandoned"] as const;

/** The head: what runs, how it stands, how long it has taken, and whether what is shown is what is so now. */
export function headerView(story: RunStory | undefined, context: TraceContext): View {
  const { labels, formats, connection, host, model, isStill } = context;
  const { run, shown, name, headline } = story ?? {};
  const status = connection?.status ?? "idle";
  return h(
    "header",
    {
      key: "header",
      class: "header",
      part: "header",
      "data-state": shown,
      "data-still": isStill || undefined,
    },
    shown && stateIcon(shown),
    h(
      "div",
      { class: "words" },
      name && h("div", { class: "big cut", role: "heading", "aria-level": 2 }, h("bdi", {}, name)),
      headline && h("div", { class: "headline cut" }, h("bdi", {}, headline)),
    ),
    run &&
      h(
        "div",
        { class: "header-time" },
        h("div", { class: "big", role: "timer", "aria-live": "off" }, durationText(run, context)),
        h("div", { class: "quiet" }, run.startTime !== undefined && labels.startedAt(formats.moment(run.startTime))),
      ),
    h(
      "div",
      { key: "connection", class: "connection", part: "connection", "data-connection": status },
      h("i", { class: "dot" }),
      connectionText(connection, labels, formats, model.tree?.isCompleted ?? false),
      status === "waiting"
        ? h("button", { type: "button", onclick: () => host.reconnect() }, labels.tryNow)
        : undefined,
    ),
  );
}

/** What a reader must know of what is shown: that something is missing, and that it stands still. */
export function noticeViews({ labels, formats, connection, host, model }: TraceContext): Child {
  const { status, error } = connection ?? {};
  const { tree } = model;
  const gap = tree?.gaps.at(-1);
  const overLimit = tree?.ignored.overLimit ?? 0;
  const notice = (kind: string, title: string, text: string, hasButton = false): View =>
    h(
      "div",
      { key: kind, class: "notice", part: "notice", role: "note", "data-notice": kind },
      h(
        "div",
        {},
        h("b", {}, title),
        ` ${text}`,
        hasButton && model.roots.length > 0 && h("div", {}, labels.standsStill),
      ),
      hasButton && h("button", { type: "button", onclick: () => host.reconnect() }, labels.tryAgain),
    );
  const { title, text } = refusalNotice(error, labels);
  const isMissing = gap?.reason === "trimmed" || gap?.reason === "overflow";
  return [
    status === "failed" && notice("failed", title, text, true),
    status === "closed" && !tree?.isCompleted && notice("failed", labels.disconnected, "", true),
    gap &&
      notice(
        "gap",
        labels.gapTitle,
        isMissing
          ? labels.gapBetween(formats.count((gap.after ?? 0) + 1), formats.count(gap.resumesAt - 1))
          : labels.gapReset,
      ),
    overLimit > 0 && notice("limit", labels.gapTitle, labels.overLimit(formats.count(overLimit))),
  ];
}

/** Search, filter, folding, following and zooming. */
export function toolbarView({ labels, formats, model, host, window }: TraceContext): View {
  const { query, states } = model;
  // What has ended moves no more, so there is nothing to follow.
  const canFollow = model.extent.isOpen;
  const counts = model.tree && shownCounts(model.roots, model.tree.totals);
  const tool = (name: string, words: string, onclick: () => void, isOff = false, className = "tool"): View =>
    h(
      "button",
      {
        type: "button",
        class: className,
        title: words,
        "aria-label": words,
        "aria-disabled": isOff || undefined,
        onclick,
      },
      icon(name),
    );
  const chip = (state: (typeof STATES)[number]): Child => {
    const count = counts?.[state] ?? 0;
    const others = states.filter((other) => other !== state);
    const isOn = others.length < states.length;
    const onclick = (): void => host.filter(query, isOn ? others : [...states, state]);
    if (count === 0 && !isOn) return undefined;
    return h(
      "button",
      { key: state, type: "button", class: "chip", "data-state": state, "aria-pressed": isOn, onclick },
      h("i", { class: "dot" }),
      h("b", {}, formats.count(count)),
      ` ${labels[state]}`,
    );
  };
  return h(
    "div",
    { key: "toolbar", class: "toolbar", part: "toolbar" },
    h(
      "label",
      { class: "search" },
      icon("search"),
      h("input", {
        type: "search",
        "aria-label": labels.search,
        placeholder: labels.search,
        value: query,
        oninput: ({ target }: Event) => host.filter((target as HTMLInputElement).value, states),
      }),
    ),
    h("div", { class: "chips", role: "group", "aria-label": labels.filter }, STATES.map(chip)),
    h(
      "div",
      { class: "tools" },
      tool("expand", labels.expandAll, () => host.expandAll()),
      tool("collapse", labels.collapseAll, () => host.collapseAll()),
      h(
        "button",
        {
          type: "button",
          class: "tool",
          title: labels.follow,
          "aria-pressed": host.follow && canFollow,
          "aria-disabled": !canFollow || undefined,
          onclick: () => void (canFollow && (host.follow = !host.follow)),
        },
        icon("follow"),
        h("span", {}, labels.follow),
      ),
      tool("minus", labels.zoomOut, () => host.zoom(2), !window.isZoomed, "tool wide"),
      tool("plus", labels.zoomIn, () => host.zoom(0.5), false, "tool wide"),
      tool("fit", labels.fit, () => host.fit(), !window.isZoomed),
    ),
  );
}
