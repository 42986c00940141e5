/** @jsxImportSource preact */
import type { JSX } from "preact";

/** The strokes of each icon in a square of 16. The style sheet draws the ring or the disc around them. */
const STROKES: Readonly<Record<string, string>> = {
  running: "",
  done: "m4.6 8.3 2.3 2.3 4.5-5",
  failed: "m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4",
  waiting: "M6.2 5.2v5.6m3.6-5.6v5.6",
  sleeping: "M8 4.5V8l2.4 1.6",
  abandoned: "M5.5 8h5",
  pending: "",
  twisty: "m6 4 4 4-4 4",
  close: "m4 4 8 8m0-8-8 8",
  check: "m3.2 8.6 3 3 6.6-7",
  link: "m6.5 9.5 3-3M7.2 4.6l1.4-1.4a3 3 0 0 1 4.2 4.2l-1.4 1.4m-2.6 2.6-1.4 1.4a3 3 0 0 1-4.2-4.2l1.4-1.4",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zm3.3-1.2 3.2 3.2",
  expand: "M4.5 6 8 2.5 11.5 6m-7 4L8 13.5l3.5-3.5",
  collapse: "M4.5 2.5 8 6l3.5-3.5m-7 11L8 10l3.5 3.5",
  follow: "M8 2.5V10M4.8 6.8 8 10l3.2-3.2M3.5 13.2h9",
  plus: "M8 3.5v9M3.5 8h9",
  minus: "M3.5 8h9",
  fit: "M2.5 4v8m11-8v8M5 8h6M6.8 6 5 8l1.8 2m2.4-4L11 8l-1.8 2",
};

/** An icon. Screen readers skip it and read the text beside it. */
export function Icon({ name, isState = false }: { readonly name: string; readonly isState?: boolean }): JSX.Element {
  return (
    <svg class={isState ? "icon state" : "icon"} data-icon={name} viewBox="0 0 16 16" aria-hidden>
      <path d={STROKES[name]} />
    </svg>
  );
}

/** The icon of a state, in its color and shape. */
export function StateIcon({ state }: { readonly state: string }): JSX.Element {
  return <Icon name={state} isState />;
}
