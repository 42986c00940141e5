import type { ConnectionState, ConnectionStatus } from "../client/connection-state.ts";
import type { TraceWatch } from "../client/watch-trace.ts";
import type { Formats } from "./formats.ts";
import type { ConnectionLabels } from "./labels.ts";
import { shortText } from "./span-text.ts";

/** A watch as the elements use it: the result of `watchTrace`, or something like it. */
export type WatchView = Pick<TraceWatch, "tree" | "subscribe" | "reconnect" | "close"> & {
  /** The server's clock. @defaultValue the system's */
  readonly clock?: Pick<TraceWatch["clock"], "now">;
  readonly state: Pick<ConnectionState, "status" | "retryAtMs"> & { readonly error?: Error };
};

/** Where an element stands with its server; `idle` where it has been given nothing to watch. */
export type ViewStatus = ConnectionStatus | "idle";

/** One or two words about the connection, and the seconds until it is tried again. */
export function connectionText(
  state: WatchView["state"] | undefined,
  labels: ConnectionLabels,
  formats: Formats,
  isCompleted: boolean,
): string {
  const leftMs = (state?.retryAtMs ?? 0) - Date.now();
  switch (state?.status) {
    case "open":
      return labels.live;
    case "waiting":
      return labels.reconnecting(leftMs > 0 ? formats.remaining(leftMs) : undefined);
    case "ended":
      return labels.ended;
    case "connecting":
      return labels.connecting;
    default:
      return isCompleted ? labels.ended : labels.disconnected;
  }
}

/** Why the server does not serve the events, in words for people. */
export function refusalNotice(
  error: (Error & { readonly status?: unknown }) | undefined,
  labels: ConnectionLabels,
): { readonly title: string; readonly text: string } {
  switch (error?.status) {
    case 404:
    case 410:
      return { title: labels.notFoundTitle, text: labels.notFound };
    case 401:
    case 403:
      return { title: labels.notAllowedTitle, text: labels.notAllowed };
    default:
      return { title: labels.refusedTitle, text: shortText(error?.message ?? "") };
  }
}
