/** How `<ssetarget-trace>` looks. */
export const TRACE_STYLE: string = /* css */ `
  :host {
    container-type: inline-size;
    position: relative;
    display: flex;
    flex-direction: column;
    overflow: hidden;
    max-height: var(--ssetarget-max-height, min(85vh, 900px));
    min-height: 180px;
    border: 1px solid var(--line);
    border-radius: var(--ssetarget-radius, 12px);
    background: var(--surface);
  }

  .header,
  .toolbar,
  .notice,
  .chips,
  .tools,
  .search,
  .connection,
  button {
    display: flex;
    align-items: center;
    gap: 6px;
  }
  .header {
    gap: 12px;
    padding: 14px 16px;
  }
  .header > .icon {
    width: 28px;
    height: 28px;
  }
  .header > [data-icon="running"] {
    border-width: 3px;
  }
  .words {
    flex: 1;
    min-width: 0;
  }
  .big {
    font-size: 1.3em;
    font-weight: 650;
    line-height: 1.25;
    letter-spacing: -0.015em;
  }
  .cut,
  .note,
  .name {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .headline,
  .note {
    color: var(--tone);
  }
  .header-time,
  .head-duration,
  .duration-cell {
    text-align: end;
    white-space: nowrap;
  }
  .header-time,
  .connection,
  .duration-cell,
  .note,
  .percent,
  .tick {
    font-variant-numeric: tabular-nums;
  }
  .quiet {
    color: var(--muted);
    font-size: 0.9em;
  }
  .connection {
    align-self: flex-start;
    padding: 2px 10px;
    border-radius: 99px;
    background: var(--soft);
    color: var(--tone);
    font-size: 0.9em;
    font-weight: 600;
    white-space: nowrap;
  }
  .connection button {
    border: 0;
    padding: 0;
    background: none;
    text-decoration: underline;
  }
  .dot {
    width: 8px;
    height: 8px;
    border-radius: 50%;
    background: var(--mark);
  }
  [data-connection="connecting"] i,
  [data-connection="open"] i,
  [data-connection="waiting"] i {
    animation: pulse 1s ease-in-out infinite alternate;
  }
  @keyframes pulse {
    to {
      opacity: 0.4;
    }
  }

  .notice {
    justify-content: space-between;
    gap: 16px;
    padding: 8px 16px;
    background: var(--soft);
    overflow-wrap: anywhere;
  }

  .toolbar {
    flex-wrap: wrap;
    padding: 7px 10px;
    border-block: 1px solid var(--line);
    background: var(--raised);
    color: var(--muted);
  }
  .search {
    position: relative;
    flex: 0 1 200px;
  }
  .search svg {
    position: absolute;
    inset-inline-start: 8px;
    pointer-events: none;
  }
  input {
    width: 100%;
    height: 28px;
    border: 1px solid var(--line);
    border-radius: 7px;
    padding-inline: 29px 6px;
    background: var(--surface);
    color: var(--text);
    font: inherit;
  }
  input::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  .chips {
    flex-wrap: wrap;
    margin-inline-end: auto;
  }
  .chip {
    height: 28px;
    border-radius: 99px;
    padding: 0 10px;
    font-size: 0.93em;
    font-weight: 400;
  }
  .chip b {
    color: var(--text);
  }
  .chip[aria-pressed="true"] {
    border-color: var(--mark);
    background: var(--soft);
    color: var(--tone);
  }
  .tools {
    gap: 2px;
  }
  .tool {
    min-width: 28px;
    height: 28px;
    border: 0;
    padding: 0 6px;
    background: none;
    font-weight: 400;
  }
  .tool:hover {
    background: var(--line);
    color: var(--text);
  }
  .tool[aria-pressed="true"] {
    background: color-mix(in oklab, var(--accent) 14%, var(--surface));
    color: color-mix(in oklab, var(--accent) 70%, var(--text));
  }
  .tool[aria-disabled] {
    opacity: 0.45;
  }

  .body {
    position: relative;
    display: flex;
    flex: 1 1 auto;
    min-height: 0;
  }
  .grid {
    --row-height: var(--ssetarget-row-height, 34px);
    --columns: var(--ssetarget-name-width, clamp(220px, 36%, 440px)) minmax(0, 1fr) 7em;
    --indent: 18px;
    position: relative;
    flex: 1;
    overflow: hidden auto;
    scrollbar-width: thin;
  }
  .probe {
    position: absolute;
    height: var(--row-height);
  }
  .head-row,
  .row,
  .overlay {
    display: grid;
    grid-template-columns: var(--columns);
    align-items: center;
  }
  .head {
    position: sticky;
    top: 0;
    z-index: 2;
    border-bottom: 1px solid var(--line);
    background: var(--surface);
    color: var(--muted);
    font-size: 0.88em;
  }
  .head-name {
    padding-inline: 12px;
  }
  .head-duration,
  .duration-cell {
    padding-inline-end: 12px;
  }
  .axis {
    position: relative;
    overflow-x: clip;
    height: 32px;
    line-height: 32px;
    cursor: crosshair;
    user-select: none;
  }
  [data-timeline] {
    touch-action: pan-y;
  }
  .tick,
  .lines i,
  .brush,
  .overlay,
  .bars,
  .bar,
  .beside,
  .guides {
    position: absolute;
    pointer-events: none;
  }
  .tick {
    padding-inline-start: 5px;
    white-space: nowrap;
  }
  .canvas {
    position: relative;
    min-height: calc(100% - 33px);
    height: calc(var(--count) * var(--row-height) + 6px);
  }
  .overlay {
    inset: 0;
  }
  .lines {
    position: relative;
    overflow: clip;
    grid-column: 2;
    height: 100%;
  }
  .lines i,
  .brush {
    inset-block: 0;
    border-inline-start: 1px solid color-mix(in oklab, var(--line) 60%, transparent);
  }
  .lines .now {
    border-inline-start: 1px dashed var(--running);
    opacity: 0.7;
  }
  .brush {
    border-inline: 1px solid var(--accent);
    background: color-mix(in oklab, var(--accent) 16%, transparent);
  }

  .row {
    --shift: calc(min(var(--level), var(--max-level, 12)) * var(--indent));
    position: absolute;
    inset-inline: 0;
    top: calc(var(--row) * var(--row-height));
    height: var(--row-height);
  }
  .row:hover {
    background: color-mix(in oklab, var(--muted) 7%, transparent);
  }
  .row[data-state="waiting"] {
    background: color-mix(in oklab, var(--waiting) 10%, transparent);
  }
  .row[aria-selected="true"] {
    background: color-mix(in oklab, var(--accent) 11%, transparent);
  }
  .row[aria-selected="true"]::before {
    content: "";
    position: absolute;
    inset-block: 0;
    width: 3px;
    background: var(--accent);
  }
  .row:focus-visible,
  .scroll:focus-visible {
    outline-offset: -2px;
  }
  .row[data-dim] {
    opacity: 0.4;
  }
  .name-cell,
  .label {
    display: flex;
    align-items: center;
    gap: 7px;
    min-width: 0;
  }
  .name-cell {
    position: relative;
    height: 100%;
    padding-inline: calc(6px + var(--shift)) 12px;
  }
  .label {
    flex: 1;
  }
  .guides {
    inset-block: 0;
    inset-inline-start: 16px;
    width: var(--shift);
    background: repeating-linear-gradient(to right, var(--line) 0 1px, transparent 1px var(--indent));
  }
  .guides:dir(rtl) {
    scale: -1 1;
  }
  .twisty {
    position: relative;
    display: grid;
    flex: none;
    place-items: center;
    width: 20px;
    height: 24px;
    margin-inline-end: -4px;
    color: var(--muted);
  }
  .twisty svg {
    width: 14px;
    height: 14px;
    transition: rotate 0.15s;
  }
  .twisty:dir(rtl) svg {
    rotate: 180deg;
  }
  .row[aria-expanded="true"] .twisty svg {
    rotate: 90deg;
  }
  [data-kind="workflow"] .name {
    font-weight: 650;
  }
  [data-kind="attempt"] .name,
  .row[data-state="abandoned"] .name {
    color: var(--muted);
  }
  .badge {
    flex: none;
    padding: 0 7px;
    border: 1px solid transparent;
    border-radius: 99px;
    background: color-mix(in oklab, var(--muted) 14%, var(--surface));
    color: var(--muted);
    font-size: 0.83em;
  }
  .orphan {
    border: 1px dashed;
    background: none;
  }
  .badge {
    unicode-bidi: plaintext;
  }
  .note,
  .percent {
    font-size: 0.9em;
  }
  .note[data-tone="quiet"],
  .percent {
    color: var(--muted);
  }
  .label .note {
    flex: 1 1000 0;
  }
  .action {
    display: flex;
    align-items: center;
    gap: 8px;
    min-width: 0;
  }
  .action button {
    display: block;
    flex: none;
    border-color: transparent;
    background: light-dark(var(--accent), color-mix(in oklab, var(--accent) 40%, #1c2dc0));
    color: #fff;
    font-size: 0.93em;
  }
  .action [aria-disabled] {
    background: var(--line);
    color: var(--muted);
  }

  .time-cell {
    position: relative;
    overflow: clip;
    height: 100%;
  }
  .is-zoomed .time-cell {
    cursor: grab;
  }
  .bars {
    inset-inline: 0;
    top: calc(50% - 6px);
    height: 12px;
  }
  .bar {
    inset-block: 0;
    min-width: 3px;
    border-radius: 3.5px;
    background: var(--mark);
  }
  .bar[data-shape="branch"] {
    inset-block: 4px;
    opacity: 0.5;
  }
  .bar[data-shape="line"] {
    inset-block: 5px;
    opacity: 0.5;
  }
  .bar[data-open] {
    border-start-end-radius: 0;
    border-end-end-radius: 0;
  }
  .bar[data-kind="sleep"],
  .bar[data-kind="wait"] {
    background-image: repeating-linear-gradient(
      -45deg,
      transparent 0 4px,
      color-mix(in oklab, var(--surface) 50%, transparent) 4px 8px
    );
  }
  .bar[data-state="abandoned"] {
    min-width: 10px;
    border: 1.5px dashed var(--mark);
    background: none;
  }
  .bar[data-shape="leaf"][data-state="failed"] {
    min-width: 6px;
    border-inline-end: 3px solid var(--tone);
  }
  .beside {
    padding-inline: 8px;
    line-height: var(--row-height);
  }
  .before {
    text-align: end;
  }
  .duration-cell {
    color: var(--muted);
    font-size: 0.93em;
  }

  .empty {
    display: grid;
    flex: 1;
    gap: 14px;
    place-content: center;
    justify-items: center;
    min-height: 200px;
    padding: 24px;
    color: var(--muted);
    text-align: center;
  }
  .ghost {
    display: grid;
    gap: 8px;
    width: 240px;
    margin-block-end: 8px;
  }
  .ghost i {
    height: 8px;
    border-radius: 4px;
    background: var(--line);
  }
  .ghost :nth-child(2) {
    margin-inline: 12% 50%;
  }
  .ghost :nth-child(3) {
    margin-inline: 52% 12%;
  }
  .is-still * {
    animation-play-state: paused !important;
  }
`;
