/**
 * The colours of both elements, light and dark, and what they have in common.
 * Text on its ground has a contrast of 4.5 or more, marks of 3 or more (WCAG AA).
 */
export const SHARED_STYLE: string = /* css */ `
  :host {
    --surface: var(--ssetarget-surface, light-dark(#fff, #141823));
    --raised: var(--ssetarget-raised, light-dark(#f8f9fc, #191e2b));
    --text: var(--ssetarget-text, light-dark(#161a26, #e8ebf4));
    --muted: var(--ssetarget-muted, light-dark(#5a6178, #9ba4ba));
    --line: var(--ssetarget-line, light-dark(#e3e6ee, #2a3142));
    --accent: var(--ssetarget-accent, light-dark(#3a4ee6, #8ea0ff));
    --running: var(--ssetarget-running, light-dark(#4a63f6, #7088ff));
    --done: var(--ssetarget-done, light-dark(#16a07a, #33bd92));
    --waiting: var(--ssetarget-waiting, light-dark(#d08309, #eda630));
    --failed: var(--ssetarget-failed, light-dark(#dc3b4b, #f4636f));
    --abandoned: var(--ssetarget-abandoned, light-dark(#858c9f, #757e94));
    --mark: var(--abandoned);
    color: var(--text);
    font: 400 var(--ssetarget-font-size, 14px) / 1.45 var(--ssetarget-font, system-ui, sans-serif);
  }
  :host([theme="light"]) {
    color-scheme: light;
  }
  :host([theme="dark"]) {
    color-scheme: dark;
  }
  :host([hidden]) {
    display: none;
  }
  * {
    box-sizing: border-box;
    margin: 0;
    padding: 0;
  }
  ol {
    list-style: none;
  }

  [data-state],
  [data-tone],
  [data-connection] {
    --mark: var(--abandoned);
  }
  [data-state="running"],
  .meter {
    --mark: var(--running);
  }
  [data-state="done"],
  [data-connection="open"] {
    --mark: var(--done);
  }
  [data-state="waiting"],
  [data-state="sleeping"],
  [data-tone="waiting"],
  [data-connection="waiting"],
  .notice,
  [data-level="warn"] {
    --mark: var(--waiting);
  }
  [data-state="failed"],
  [data-tone="failed"],
  [data-connection="failed"],
  [data-notice="failed"],
  [data-level="error"] {
    --mark: var(--failed);
  }
  /* Made again wherever there is another mark. */
  [data-state],
  [data-tone],
  [data-connection],
  [data-notice],
  [data-level],
  .meter {
    --soft: color-mix(in oklab, var(--mark) 14%, var(--surface));
    --tone: color-mix(in oklab, var(--mark) 52%, var(--text));
  }

  .icon {
    flex: none;
    width: 16px;
    height: 16px;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.5;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .state {
    position: relative;
    width: 15px;
    height: 15px;
    border-radius: 50%;
    background: var(--mark);
    stroke: var(--surface);
    stroke-width: 1.9;
  }
  .state[data-icon="failed"] {
    border-radius: 0;
    clip-path: polygon(30% 0, 70% 0, 100% 30%, 100% 70%, 70% 100%, 30% 100%, 0 70%, 0 30%);
  }
  .state[data-icon="running"],
  .state[data-icon="sleeping"],
  .state[data-icon="abandoned"],
  .state[data-icon="pending"] {
    border: 2px solid var(--mark);
    background: none;
    stroke: var(--mark);
  }
  .state[data-icon="abandoned"] {
    border-style: dashed;
  }
  .state[data-icon="running"] {
    border-color: var(--mark) var(--soft) var(--soft);
    animation: turn 1s linear infinite;
  }
  @keyframes turn {
    to {
      rotate: 360deg;
    }
  }

  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 1px;
  }
  .vh {
    position: absolute;
    overflow: hidden;
    width: 1px;
    height: 1px;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  button {
    border: 1px solid var(--line);
    border-radius: 7px;
    padding: 3px 11px;
    background: var(--surface);
    color: inherit;
    font: inherit;
    font-weight: 600;
    white-space: nowrap;
    cursor: pointer;
  }
  button:hover {
    background: var(--raised);
  }

  .meter {
    flex: none;
    overflow: hidden;
    width: 56px;
    height: 5px;
    border-radius: 9px;
    background: var(--soft);
  }
  .meter i {
    display: block;
    width: calc(var(--fraction) * 100%);
    height: 100%;
    border-radius: inherit;
    background: var(--mark);
    transition: width 0.3s;
  }
  .meter .endless {
    width: 35%;
    animation: slide 1.3s ease-in-out infinite alternate;
  }
  @keyframes slide {
    to {
      margin-inline-start: 65%;
    }
  }
  [data-still],
  [data-still] ~ * {
    .state,
    .meter i,
    &.meter i {
      animation-play-state: paused;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
    }
  }
  @media (forced-colors: active) {
    .state,
    .bar,
    .meter i,
    .dot {
      forced-color-adjust: none;
    }
  }
`;
