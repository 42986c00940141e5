import { type OptionNames, readOptions } from "./options.ts";

/** Options of `addEventListener`, as the DOM has them. */
export interface ListenerOptions {
  /** Remove the listener after its first call. @defaultValue false */
  readonly once?: boolean;
  /** Remove the listener when this signal aborts. */
  readonly signal?: AbortSignal;
}

const NAMES: OptionNames<ListenerOptions> = { once: true, signal: true };

/**
 * Adds a listener by these options: `add` is called with `once` unless the signal has aborted, `remove` when it does.
 *
 * @throws SSETargetError `invalid-option`
 */
export function listen(options: ListenerOptions | undefined, add: (once: boolean) => void, remove: () => void): void {
  const { once = false, signal } = readOptions("addEventListener", options, NAMES);
  if (signal?.aborted === true) return;
  add(once);
  signal?.addEventListener("abort", remove, { once: true });
}
