"use client";

import { useMemo, useSyncExternalStore } from "react";
import type { SharedStream } from "./shared-stream.ts";

/** What can be seen of a stream, and what can be done with it. */
export type Followed<S, T> = S & { readonly reconnect: () => void; readonly source: T };

/** Follows the stream of this key. @param make makes it; called where the key is another */
export function useSharedStream<S extends object, T extends SharedStream<S>>(
  key: string | undefined,
  make: () => T,
): Followed<S, T> {
  // The key stands for everything that goes into it.
  const source = useMemo(make, [key]);
  const view = useSyncExternalStore(source.subscribe, source.getSnapshot, source.getServerSnapshot);
  return useMemo(() => ({ ...view, reconnect: source.reconnect, source }), [view, source]);
}
