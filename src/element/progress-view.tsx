/** @jsxImportSource preact */
import type { ComponentChild, JSX } from "preact";
import type { SpanTree } from "../trace/tree/tree.ts";
import { isolateText } from "../trace/view/visible-text.ts";
import { connectionText, refusalNotice, type ViewStatus, type WatchView } from "./connection.ts";
import type { Formats } from "./formats.ts";
import { StateIcon } from "./icons.tsx";
import type { ProgressLabels } from "./labels.ts";
import { shownState, workOf } from "./open-work.ts";
import { type ProgressStep, type ProgressSteps, runFraction, stepsOf } from "./progress-steps.ts";
import { progressOf } from "./row-text.ts";
import { Meter } from "./row-view.tsx";
import { awaited, runOf } from "./headline.ts";
import { progressText, shortText } from "./span-text.ts";

interface ProgressProps {
  readonly tree: SpanTree | undefined;
  /** The names of the expected steps. */
  readonly expected: readonly string[];
  readonly connection: WatchView["state"] | undefined;
  readonly status: ViewStatus;
  readonly isStill: boolean;
  readonly isRefused: boolean;
  readonly labels: ProgressLabels;
  readonly formats: Formats;
  readonly reconnect: () => void;
}

/** Everything in `<ssetarget-progress>`. */
export function Progress(props: ProgressProps): JSX.Element {
  const { tree, expected, connection, status, isStill, isRefused, labels, formats, reconnect } = props;
  const run = tree && runOf(tree);
  const steps = stepsOf(run, expected);
  const { current, failed } = steps;
  const state = run === undefined ? "pending" : shownState(run);
  const isBroken = state === "failed" || state === "abandoned";
  // A run that has failed is over, but it is not complete.
  const fraction = isBroken ? undefined : runFraction(run, expected);
  const waiting = run && workOf(run).first.waiting[0];
  const goesOn = waiting
    ? labels.waitingFor(awaited(waiting, labels))
    : current === undefined
      ? labels.starting
      : nameOf(current, labels);
  const words = {
    pending: labels.starting,
    running: goesOn,
    waiting: goesOn,
    sleeping: goesOn,
    done: labels.finished,
    failed: labels.failedKindly(failed && isolateText(nameOf(failed, labels))),
    abandoned: labels.abandonedKindly,
  }[state];
  const progress = current?.node && progressOf(current.node);
  // During the first connection attempt, "connecting" is shown already.
  const isLost = isStill && !(run === undefined && status === "connecting");
  const lost =
    connection?.status === "failed"
      ? refusalNotice(connection.error, labels).title
      : isLost
        ? connectionText(connection, labels, formats, false)
        : undefined;
  return (
    <>
      <div class="now" part="now" data-state={state} data-still={isStill || undefined}>
        <StateIcon state={state} />
        <b role="status" dir="auto">
          {words}
        </b>
        {fraction !== undefined && <span>{formats.percent(fraction)}</span>}
      </div>
      <Meter
        fraction={fraction}
        isMoving={!isBroken}
        class="meter track"
        part="bar"
        data-state={state}
        aria-label={words}
      />
      {lost === undefined ? (
        <div key="detail" class="detail" dir="auto">
          {progress && progressText(progress, formats, labels)}
        </div>
      ) : (
        <div key="lost" class="detail" data-connection={isRefused ? "failed" : "waiting"}>
          {lost}
          <button type="button" onClick={reconnect}>
            {labels.tryAgain}
          </button>
        </div>
      )}
      <Checklist steps={steps} labels={labels} formats={formats} />
    </>
  );
}

interface ChecklistProps extends Pick<ProgressProps, "labels" | "formats"> {
  readonly steps: ProgressSteps;
}

function Checklist({ steps: { shown, before, after, current }, labels, formats }: ChecklistProps): JSX.Element {
  const more = (count: number): ComponentChild =>
    count > 0 && <li class="more">{labels.moreSteps(formats.count(count))}</li>;
  return (
    <ol class="steps" part="steps" aria-label={labels.steps}>
      {more(before)}
      {shown.map((step) => (
        <li data-state={step.state} aria-current={step === current ? "step" : undefined}>
          <StateIcon state={step.state} />
          <bdi>{nameOf(step, labels)}</bdi>
          <span class="vh">{labels[step.state]}</span>
        </li>
      ))}
      {more(after)}
    </ol>
  );
}

function nameOf({ name }: ProgressStep, labels: ProgressLabels): string {
  return shortText(name) || labels.noName;
}
