"use client";

import { useEffect, useMemo } from "react";
import type { ConnectOptions } from "../client/connect-options.ts";
import { streamKey } from "./stream-key.ts";

/** A component's options, as they count for its stream. */
export interface StreamOptions<O extends ConnectOptions> {
  /** Tells the stream from others; undefined if there is no URL. */
  readonly key: string | undefined;
  /** The options of the render in which the stream was chosen; its functions call those of the newest render. */
  readonly options: O;
}

/**
 * Decides which stream a component follows.
 *
 * Another URL, or other data in an option, is another stream. A function or an object that is written inline is another one with each
 * render, so those count by identity only when a stream is chosen: on mount, and when the URL or the data change. From then on a
 * new function takes the old one's place without a new connection, and a new object (a signal, a storage) is ignored.
 *
 * @param fold what the events are made into, as far as it is data
 */
export function useStreamOptions<O extends ConnectOptions>(
  url: string | URL | null,
  options: O,
  fold: unknown,
): StreamOptions<O> {
  // Who hears of errors tells no streams apart. A cursor says where a stream begins, and may move with each event.
  const { onError: _onError, lastEventId, ...rest } = options;
  const data = streamKey(url, { ...rest, fold }, () => "");
  const chosen = useMemo(() => {
    const latest = { current: options };
    const key = streamKey(url, { ...rest, lastEventId, fold });
    return { key, latest, options: withLatestFunctions(options, latest) };
    // `data` stands for the rest.
  }, [data]);
  useEffect(() => {
    chosen.latest.current = options;
  });
  return chosen;
}

type AnyFunction = (...args: readonly unknown[]) => unknown;

function withLatestFunctions<O extends object>(options: O, latest: { readonly current: O }): O {
  const entries = Object.entries(options).map(([name, value]: readonly [string, unknown]) => {
    if (typeof value !== "function") return [name, value];
    const call: AnyFunction = (...args) => {
      const newest = (latest.current as Readonly<Record<string, unknown>>)[name];
      return ((typeof newest === "function" ? newest : value) as AnyFunction)(...args);
    };
    return [name, call];
  });
  return Object.fromEntries(entries) as O;
}
