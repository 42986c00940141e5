import { runPath } from "./api.ts";
import { copyButton } from "./copy-button.ts";
import { button, element, icon } from "./dom.ts";
import { formatAgo } from "./format.ts";
import { topBar } from "./page-frame.ts";
import { forgetRun, recentRuns, type RecentRun } from "./recent-runs.ts";
import { startButton } from "./start-button.ts";

/** The page at `/`: an introduction, a button that starts a run, the same with curl, and earlier runs. */
export function showStartPage(app: HTMLElement): void {
  const [start, problem] = startButton("Start a purchase", "button primary large");
  const recent = element("section", { class: "recent" });
  showRecent(recent);
  app.replaceChildren(
    topBar(),
    element(
      "main",
      { class: "start" },
      element("h1", { text: "Watch a workflow while it runs" }),
      element("p", {
        class: "lead",
        text:
          "A purchase with a step that fails and is retried, a parallel pair, a sleep, and one that waits for you. " +
          "Every step reaches this browser as a server-sent event. Reload, or open the page late: nothing is missing.",
      }),
      element("div", { class: "start-action" }, start, problem),
      curlLines(),
      recent,
    ),
  );
}

function curlLines(): HTMLElement {
  const origin = window.location.origin;
  const lines: [string, string][] = [
    ["Start a run, and keep its URL", `RUN=${origin}$(curl -s -o /dev/null -w '%header{location}' -X POST ${origin}/)`],
    ["Watch it", "curl -N $RUN/sse"],
    ["Approve it, once it waits", "curl -X POST $RUN/event"],
  ];
  return element(
    "section",
    { class: "card curl", attributes: { "aria-labelledby": "curl-title" } },
    element("h2", { text: "Or from a terminal", attributes: { id: "curl-title" } }),
    element(
      "ul",
      {},
      ...lines.map(([what, command]) =>
        element(
          "li",
          {},
          element("span", { class: "curl-what", text: what }),
          element("code", { text: command }),
          copyButton(`Copy: ${what}`, () => command),
        ),
      ),
    ),
  );
}

function showRecent(section: HTMLElement): void {
  const runs = recentRuns();
  section.replaceChildren();
  if (runs.length === 0) return;
  section.append(
    element("h2", { text: "Seen in this browser" }),
    element(
      "ul",
      { class: "card recent-runs" },
      ...runs.map((run) =>
        recentRun(run, () => {
          forgetRun(run.id);
          showRecent(section);
        }),
      ),
    ),
  );
}

function recentRun(run: RecentRun, onForget: () => void): HTMLElement {
  // The state when it was last watched: one of the page's own words, whatever the storage holds.
  const known = ["running", "waiting", "done", "failed", "abandoned"].includes(run.state) ? run.state : "abandoned";
  return element(
    "li",
    { attributes: { "data-state": known } },
    icon(`icon-${known}`),
    element(
      "a",
      { attributes: { href: runPath(run.id) } },
      element("bdi", { class: "recent-name", text: run.name }),
      element("bdi", { class: "recent-id", text: run.id }),
    ),
    element("span", { class: "recent-when", text: `${known}, ${formatAgo(Date.now() - run.seenAt)}` }),
    button({
      class: "icon-button quiet",
      text: "×",
      attributes: { "aria-label": `Forget ${run.name}` },
      onClick: onForget,
    }),
  );
}
