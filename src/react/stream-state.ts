import type { ConnectionState } from "../client/connection-state.ts";

/** Where a stream stands before it is opened, where all of it is known already, and where nobody follows it. */
export const CONNECTING: ConnectionState = Object.freeze({ status: "connecting", attempt: 0 });
export const ENDED: ConnectionState = Object.freeze({ status: "ended", attempt: 0 });
export const CLOSED: ConnectionState = Object.freeze({ status: "closed", attempt: 0 });

/** Whether two states look the same; a cursor that has moved is not looked at. */
export function isSameState(a: ConnectionState, b: ConnectionState): boolean {
  return a.status === b.status && a.attempt === b.attempt && a.retryAtMs === b.retryAtMs && a.error === b.error;
}
