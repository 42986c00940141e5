"use client";

import { useEffect, useMemo } from "react";
import type { ConnectOptions } from "../client/connect-options.ts";

/** A component's options, as far as they decide which stream it follows. */
export interface StreamOptions<O extends ConnectOptions> {
  /** Identifies the stream; undefined if there is no URL. */
  readonly key: string | undefined;
  /** The options of the render that chose the stream. Its functions call those of the latest render. */
  readonly options: O;
}

/**
 * Decides which stream a component follows.
 *
 * A different URL, or different data in an option, is a different stream. Functions and objects written inline differ in
 * every render, so they count by identity only when a stream is chosen: on mount, and when the URL or the data change.
 * After that, a new function replaces the old one without reconnecting, and a new object (a signal, a storage) is ignored.
 *
 * @param fold what the events are folded into, as far as it is data
 */
export function useStreamOptions<O extends ConnectOptions>(
  url: string | URL | null,
  options: O,
  fold: unknown,
): StreamOptions<O> {
  // An error listener does not make a different stream. A cursor says where a stream begins, and may move with each event.
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

const ids = new WeakMap<object, number>();
let lastId = 0;

/** A number for each object or function: what is not plain data is equal only if it is identical. */
export function identity(value: object): number {
  let id = ids.get(value);
  if (id === undefined) ids.set(value, (id = ++lastId));
  return id;
}

/**
 * Key of a stream: the URL and every option, in any order. Data counts by content, functions and class instances by
 * identity. Undefined if there is no URL.
 *
 * @param nameOf what stands for a function or a class instance
 */
export function streamKey(
  url: string | URL | null,
  options: object,
  nameOf: (value: object) => unknown = identity,
): string | undefined {
  if (url === null) return undefined;
  return JSON.stringify([url, options], (_name, value: unknown) => {
    if (typeof value === "bigint") return String(value);
    if (typeof value === "function") return { "#": nameOf(value) };
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    if (value instanceof URLSearchParams || value instanceof Headers || value instanceof FormData) return [...value];
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return { "#": nameOf(value) };
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
