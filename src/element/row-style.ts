/** The lines of the tree, and their bars. */
export const ROW_STYLE: string = /* css */ `
  .row {
    --shift: calc(min(var(--level), var(--max-level, 12)) * var(--indent));
    position: absolute;
    inset-inline: 0;
    top: calc(var(--row) * var(--row-height));
    height: var(--row-height);
    contain: strict;
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
    unicode-bidi: plaintext;
  }
  .orphan {
    border: 1px dashed;
    background: none;
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
    max-width: 60%;
  }
  .action button {
    display: block;
    flex: 0 1 auto;
    overflow: hidden;
    text-overflow: ellipsis;
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
`;
