/** The treegrid: its head with the time axis, and the canvas that rows are on. */
export const TREE_STYLE: string = /* css */ `
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
  }
  /* Not on the row: its columns are measured in its own em, and would no longer be those of the rows below. */
  .head-row > * {
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
`;
