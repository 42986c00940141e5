import { CheckIcon, CrossIcon, PauseIcon } from "./icons.tsx";
import type { Stage, StageState } from "./order.ts";

const WORDS: Readonly<Record<StageState, string>> = {
  todo: "still to come",
  active: "in progress",
  waiting: "waiting",
  done: "done",
  failed: "did not work",
  stopped: "not reached",
};

/** The stages of an order, in sequence. */
export function StageList({ stages }: { readonly stages: readonly Stage[] }) {
  return (
    <ol className="stages">
      {stages.map((stage) => (
        <StageRow key={stage.id} stage={stage} />
      ))}
    </ol>
  );
}

function StageRow({ stage: { id, title, state, note, fraction } }: { readonly stage: Stage }) {
  const isNow = state === "active" || state === "waiting";
  return (
    <li data-stage={id} data-state={state} aria-current={isNow ? "step" : undefined}>
      <span className="stage-mark">
        <StageMark state={state} />
      </span>
      <div className="stage-text">
        <h2>
          {title}
          <span className="visually-hidden">, {WORDS[state]}</span>
        </h2>
        {note !== undefined && note !== "" && <p>{note}</p>}
        {fraction !== undefined && (
          <div
            className="bar"
            role="progressbar"
            aria-label={title}
            aria-valuenow={Math.round(fraction * 100)}
            aria-valuemin={0}
            aria-valuemax={100}
          >
            <span style={{ inlineSize: `${fraction * 100}%` }} />
          </div>
        )}
      </div>
    </li>
  );
}

function StageMark({ state }: { readonly state: StageState }) {
  switch (state) {
    case "done":
      return <CheckIcon />;
    case "failed":
      return <CrossIcon />;
    case "waiting":
      return <PauseIcon />;
    case "active":
      return <span className="pulse" />;
    case "todo":
    case "stopped":
      return null;
  }
}
