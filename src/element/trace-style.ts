/** The frame of `<ssetarget-trace>`: its head, notices and toolbar, and what is shown where there is no tree. */
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
    justify-content: center;
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
  [data-still] {
    .header-time {
      color: var(--muted);
    }
    .bar[data-open],
    .now {
      filter: saturate(0.3);
    }
  }
`;
