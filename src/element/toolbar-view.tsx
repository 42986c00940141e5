/** @jsxImportSource preact */
import type { ComponentChild, JSX } from "preact";
import { Icon } from "./icons.tsx";
import { shownCounts } from "./open-work.ts";
import type { TraceContext } from "./trace-context.ts";

const STATES = ["running", "waiting", "sleeping", "failed", "done", "abandoned"] as const;

/** Search, filters, and the buttons that fold, follow and zoom. */
export function Toolbar({ context }: { readonly context: TraceContext }): JSX.Element {
  const { labels, model, host, window } = context;
  const { query, states } = model;
  // A run that has ended has nothing to follow.
  const canFollow = model.extent.isOpen;
  return (
    <div class="toolbar" part="toolbar">
      <label class="search">
        <Icon name="search" />
        <input
          type="search"
          aria-label={labels.search}
          placeholder={labels.search}
          value={query}
          onInput={({ currentTarget }) => host.filter(currentTarget.value, states)}
        />
      </label>
      <div class="chips" role="group" aria-label={labels.filter}>
        <Chips context={context} />
      </div>
      <div class="tools">
        <Tool icon="expand" label={labels.expandAll} onClick={() => host.expandAll()} />
        <Tool icon="collapse" label={labels.collapseAll} onClick={() => host.collapseAll()} />
        <button
          type="button"
          class="tool"
          title={labels.follow}
          aria-pressed={host.follow && canFollow}
          aria-disabled={!canFollow || undefined}
          onClick={() => {
            if (canFollow) host.follow = !host.follow;
          }}
        >
          <Icon name="follow" />
          <span>{labels.follow}</span>
        </button>
        <Tool icon="minus" isWide isOff={!window.isZoomed} label={labels.zoomOut} onClick={() => host.zoom(2)} />
        <Tool icon="plus" isWide label={labels.zoomIn} onClick={() => host.zoom(0.5)} />
        <Tool icon="fit" isOff={!window.isZoomed} label={labels.fit} onClick={() => host.fit()} />
      </div>
    </div>
  );
}

/** A filter for each state that spans are in. */
function Chips({ context: { labels, formats, model, host } }: { readonly context: TraceContext }): ComponentChild {
  const { query, states } = model;
  const counts = model.tree && shownCounts(model.roots, model.tree.totals);
  return STATES.map((state) => {
    const count = counts?.[state] ?? 0;
    const others = states.filter((other) => other !== state);
    const isOn = others.length < states.length;
    if (count === 0 && !isOn) return undefined;
    return (
      <button
        key={state}
        type="button"
        class="chip"
        data-state={state}
        aria-pressed={isOn}
        onClick={() => host.filter(query, isOn ? others : [...states, state])}
      >
        <i class="dot" />
        <b>{formats.count(count)}</b> {labels[state]}
      </button>
    );
  });
}

interface ToolProps {
  readonly icon: string;
  readonly label: string;
  /** It has no effect at the moment. */
  readonly isOff?: boolean;
  /** It is hidden if there is no room for a timeline. */
  readonly isWide?: boolean;
  readonly onClick: () => void;
}

/** A button that is an icon. */
export function Tool({ icon, label, isOff = false, isWide = false, onClick }: ToolProps): JSX.Element {
  return (
    <button
      type="button"
      class={isWide ? "tool wide" : "tool"}
      title={label}
      aria-label={label}
      aria-disabled={isOff || undefined}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
