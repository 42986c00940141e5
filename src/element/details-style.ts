/** The details pane, and what changes where there is little room. */
export const DETAILS_STYLE: string = /* css */ `
  .details {
    display: flex;
    flex: 0 0 clamp(300px, 34%, 420px);
    flex-direction: column;
    border-inline-start: 1px solid var(--line);
    background: var(--raised);
  }
  .details-head {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 8px 10px 8px 14px;
    border-bottom: 1px solid var(--line);
  }
  .details-head b {
    flex: 1;
    overflow: hidden;
    max-height: 6em;
    overflow-wrap: anywhere;
  }
  .scroll {
    flex: 1;
    overflow: auto;
    padding: 12px 14px;
    font-size: 0.93em;
    overflow-wrap: anywhere;
    scrollbar-width: thin;
  }
  h4 {
    margin: 18px 0 6px;
    color: var(--muted);
    font-size: 0.9em;
  }
  dl > div,
  .log li {
    display: grid;
    grid-template-columns: minmax(84px, 34%) minmax(0, 1fr);
    gap: 10px;
    padding-block: 2px;
  }
  dt,
  .log span {
    color: var(--muted);
  }
  code,
  pre,
  .log {
    font: 0.92em/1.5 var(--ssetarget-mono, ui-monospace, Menlo, Consolas, monospace);
    white-space: pre-wrap;
  }
  .error {
    margin-bottom: 14px;
    border-inline-start: 3px solid var(--failed);
    padding: 8px 10px;
    background: var(--soft);
    color: var(--tone);
  }
  .log li {
    grid-template-columns: 4.6em 3.2em minmax(0, 1fr);
  }
  .log [data-level] .level {
    color: var(--tone);
  }

  @container (max-width: 820px) {
    .body {
      flex-direction: column;
    }
    .grid {
      flex: 1 1 auto;
      min-height: 160px;
    }
    .details {
      z-index: 3;
      flex: 0 1 auto;
      min-height: 0;
      max-height: 45vh;
      border-top: 1px solid var(--line);
      border-radius: 14px 14px 0 0;
      box-shadow: 0 -8px 30px rgb(0 0 0 / 14%);
    }
  }

  @container (max-width: 640px) {
    .header {
      flex-wrap: wrap;
      gap: 4px 10px;
      padding: 12px;
    }
    .header-time {
      display: flex;
      order: 1;
      align-items: baseline;
      gap: 8px;
      width: 100%;
      padding-inline-start: 38px;
      font-size: 0.85em;
    }
    .cut {
      white-space: normal;
      overflow-wrap: anywhere;
    }
    .search {
      flex: 1;
    }
    .chips {
      order: 1;
      width: 100%;
    }
    .tool {
      min-width: 34px;
      height: 34px;
    }
    .tool span,
    .wide,
    .head-name,
    .head-duration,
    .overlay {
      display: none;
    }
    input {
      height: 34px;
      /* Smaller, and a phone zooms in when it is touched. */
      font-size: 16px;
    }
    .grid {
      --columns: minmax(0, 1fr) auto;
      --row-height: var(--ssetarget-row-height, 54px);
      --indent: 12px;
      --max-level: 6;
    }
    .axis,
    .action {
      max-width: 44%;
    }
    .action button {
      max-height: 40px;
      line-height: 1.2;
      white-space: normal;
      overflow-wrap: anywhere;
    }
    .action .note {
      position: absolute;
      inset: auto 12px 0;
      line-height: 1.3;
    }
    .row:has(.action .note) .bars {
      display: none;
    }
    .time-cell {
      grid-column: 1 / -1;
      margin-inline: 12px;
    }
    .row {
      grid-template-rows: minmax(0, 1fr) 14px;
      border-bottom: 1px solid color-mix(in oklab, var(--line) 60%, transparent);
    }
    .name-cell {
      position: static;
    }
    .label {
      flex-wrap: wrap;
      gap: 0 7px;
    }
    .name {
      max-width: 100%;
    }
    .label .note {
      flex: 1 0 100%;
      line-height: 1.2;
    }
    .time-cell {
      grid-row: 2;
    }
    .bars {
      top: 2px;
      height: 6px;
    }
    .bar[data-shape="branch"],
    .bar[data-shape="line"] {
      inset-block: 1.5px;
    }
  }
`;
