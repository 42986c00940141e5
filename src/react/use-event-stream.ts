"use client";

import { useEffect, useRef, useState } from "react";
import type { ClientEvent, ReceivedEvent, ReceivedOf } from "../client/client-event.ts";
import { CONNECT_OPTIONS, type ConnectOptions } from "../client/connect-options.ts";
import type { StreamEvent } from "../event/event.ts";
import { type OptionNames, readOptions, wholeNumberOption } from "../util/options.ts";
import { EventFold, type EventView } from "./event-fold.ts";
import { SharedStream, useSharedStream } from "./shared-stream.ts";
import { identity, useStreamOptions } from "./stream-options.ts";

/** Options of {@link useEventStream}. */
export interface EventStreamOptions<E extends StreamEvent, S = undefined> extends ConnectOptions {
  /** How many events `events` holds, the newest ones; 0 where it is not needed. @defaultValue 100 */
  readonly maxEvents?: number;
  /**
   * Called with each event as it arrives, gaps and the end too, from when the component has mounted on. It may be another function
   * with every render: the newest is called.
   */
  readonly onEvent?: (event: ClientEvent<E>) => void;
  /**
   * Folds every event into `data`, from the first that the stream sends. Must be pure. An event over which it throws changes nothing, and
   * `onError` hears of it. Define it outside the component: components that
   * give the same function and the same `initialData` share a connection. The one that is given first counts.
   */
  readonly reduce?: (data: S, event: ReceivedOf<E>) => S;
  /** What `reduce` begins with, also again after the server's history has begun anew. */
  readonly initialData?: S;
}

const STREAM_OPTIONS: OptionNames<EventStreamOptions<StreamEvent>> = {
  ...CONNECT_OPTIONS,
  maxEvents: true,
  onEvent: true,
  reduce: true,
  initialData: true,
};

/** A stream as it is now: a different object whenever anything in it has changed. */
export interface EventStream<E extends StreamEvent, S = undefined> extends EventView<ReceivedOf<E>, S> {
  /** Retries immediately, even after the connection was given up. */
  readonly reconnect: () => void;
}

/**
 * Follows a stream of events. Components that follow the same URL with the same options share one connection, which is opened
 * with the first of them and closed a moment after the last has gone.
 *
 * Options may be written inline: a new function takes the old one's place, and a new signal, storage or cursor is ignored. Another URL, or other
 * data in an option, is another stream.
 *
 * @param url null: not now
 * @throws SSETargetError `invalid-option`
 */
export function useEventStream<E extends StreamEvent, S = undefined>(
  url: string | URL | null,
  options?: EventStreamOptions<E, S>,
): EventStream<E, S> {
  const { maxEvents, onEvent, reduce, initialData, ...given } = readOptions<EventStreamOptions<E, S>>(
    "useEventStream",
    options,
    STREAM_OPTIONS,
  );
  const [folding] = useState(() => ({ reduce, initialData: initialData as S }));
  const size = wholeNumberOption("maxEvents", maxEvents, 100, 0);
  const fold = [size, partOf(folding.reduce), partOf(folding.initialData)];
  const { key, options: connectOptions } = useStreamOptions(url, given, fold);
  type View = EventView<ReceivedOf<E>, S>;
  type Fold = EventFold<ReceivedOf<E>, S>;
  const stream = useSharedStream<View, SharedStream<View, Fold>>(key, () => {
    const state = url === null ? ({ status: "closed", attempt: 0 } as const) : undefined;
    const events: Fold = new EventFold(String(url), connectOptions, { ...folding, maxEvents: size }, state);
    return new SharedStream(key, connectOptions, events);
  });

  const latest = useRef(onEvent);
  const hasListener = onEvent !== undefined;
  const { source } = stream;
  useEffect(() => {
    latest.current = onEvent;
  });
  useEffect(() => {
    if (!hasListener) return undefined;
    const listener = (event: ReceivedEvent) => latest.current?.(event as unknown as ClientEvent<E>);
    return source.hold((events) => events.listen(listener));
  }, [source, hasListener]);
  return stream;
}

/** Data as it is; anything else by identity. */
function partOf(value: unknown): unknown {
  return typeof value === "function" || (typeof value === "object" && value !== null) ? identity(value) : value;
}
