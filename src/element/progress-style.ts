/** How `<ssetarget-progress>` looks. */
export const PROGRESS_STYLE: string = /* css */ `
  :host {
    display: block;
    min-height: 48px;
  }
  .now,
  .steps li {
    display: flex;
    align-items: center;
    gap: 10px;
    overflow-wrap: anywhere;
  }
  .now b {
    flex: 1;
    min-width: 0;
    font-size: 1.15em;
  }
  .now,
  .steps {
    font-variant-numeric: tabular-nums;
  }
  .now .state {
    width: 22px;
    height: 22px;
  }
  .track {
    width: auto;
    height: 8px;
    margin-block: 10px 6px;
  }
  .detail {
    display: flex;
    gap: 10px;
    min-height: 1.45em;
    color: var(--muted);
  }
  .detail button {
    border: 0;
    padding: 0;
    background: none;
    text-decoration: underline;
  }
  [data-connection] {
    color: var(--tone);
  }
  .steps {
    display: grid;
    gap: 8px;
    margin-top: 10px;
  }
  .steps [data-state="pending"],
  .more {
    color: var(--muted);
  }
  [aria-current] {
    font-weight: 600;
  }
`;
