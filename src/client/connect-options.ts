import { MAX_TIMER_MS } from "../util/timers.ts";
import { delayOption, readOptions, type OptionNames, wholeNumberOption } from "../util/options.ts";
import type { Backoff } from "../util/retry.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import type { Transport } from "./attempt.ts";

/** A value, or a function that is asked for it at each try. */
export type Given<T> = T | ((request: TokenRequest) => T | Promise<T>);

/** What a function that gives a token or headers is told. */
export interface TokenRequest {
  /** True where the server has just answered 401 to what was given before: get a fresh one. */
  readonly wasRefused: boolean;
}

/** Where a cursor outlives a page: `localStorage` and `sessionStorage` are such, and so is anything asynchronous. */
export interface CursorStorage {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

/** The page's own storages, which a browser may refuse to a page that may not store anything. */
export type StorageName = (typeof STORAGE_NAMES)[number];
const STORAGE_NAMES = ["localStorage", "sessionStorage"] as const;

/** What `fetch` is called with. */
export interface FetchInit {
  readonly method: string | undefined;
  readonly headers: Headers;
  readonly body: string | Blob | FormData | URLSearchParams | undefined;
  readonly credentials: "omit" | "same-origin" | "include" | undefined;
  readonly cache: "no-store";
  /** `manual` if the request has headers, a token or a body: redirects are then followed within the origin only. */
  readonly redirect: "follow" | "manual";
  readonly mode?: "same-origin";
  readonly signal: AbortSignal;
}

/** Options of a connection. Absent and `undefined` mean the default. */
export interface ConnectOptions {
  /** Closes the connection when it is aborted. */
  readonly signal?: AbortSignal;
  /** Goes out as `Authorization: Bearer …`. A function is asked again at each try, and once more after a 401. */
  readonly token?: Given<string | null | undefined>;
  /** Further headers of the request. */
  readonly headers?: Given<Readonly<Record<string, string>>>;
  /** @defaultValue "GET" */
  readonly method?: string;
  /** Sent again at each try. */
  readonly body?: string | Blob | FormData | URLSearchParams;
  /** Whether cookies go along; to another origin they do only with `"include"`. @defaultValue "same-origin" */
  readonly credentials?: "omit" | "same-origin" | "include";
  /** The cursor to go on from. The `storage`'s comes first, for it is newer. @defaultValue where the server begins */
  readonly lastEventId?: string;
  /**
   * Keeps the cursor over a reload, under a key that is a hash of the URL: for an application that keeps what it made of the events too.
   * Give the page's own by name: if the browser refuses them (cookies blocked), `localStorage` itself throws where you write it.
   */
  readonly storage?: CursorStorage | StorageName | null;
  /**
   * Whether tabs of this origin share one connection, if they follow the same URL with the same `credentials` and the server named the
   * same history to each of them (`SSETarget-Stream`). A text separates them further: only tabs with the same text share. With a `token`,
   * `headers`, `body`, `fetch` or `transport` it must be a text that says who asks, such as a user's id.
   * @defaultValue true in pages, unless there is a `method`, `token`, `headers`, `body`, `fetch` or `transport`
   */
  readonly shareTabs?: boolean | string;
  /** How the stream is read, where not by `fetch`: `viaEventSource(types)`. `idleTimeoutMs` counts for `fetch` alone. @defaultValue `fetch` */
  readonly transport?: Transport;
  /** Used instead of the global `fetch`. */
  readonly fetch?: (url: string, init: FetchInit) => Promise<Response>;
  /**
   * Makes an event's `data` from its text. What it throws goes to `onError`, and the event is left out.
   * @defaultValue JSON.parse
   */
  readonly parse?: (data: string, type: string) => unknown;
  /**
   * Delays before reconnecting, in milliseconds: the first is one to two times `minMs` unless the server names one with
   * `retry:`; it doubles with each attempt, up to `maxMs`. Only a server's `Retry-After` may be longer.
   * @defaultValue { minMs: 1_000, maxMs: 30_000 }
   */
  readonly backoff?: Partial<Backoff>;
  /**
   * A connection, or a try, that has been silent for longer, comments included, is given up and made anew; `null`: never.
   * In milliseconds; the server's keep-alive comes every 15 s. @defaultValue 45_000
   */
  readonly idleTimeoutMs?: number | null;
  /**
   * The largest event, in characters, with 64 more for each line of its data; one that is larger fails the connection.
   * @defaultValue 16_777_216
   */
  readonly maxEventLength?: number;
  /**
   * The longest cursor, in bytes of UTF-8. An id that is longer, or that no header can carry, moves no cursor, and such a one in the `storage` counts
   * as none: servers refuse requests with large headers, each time.
   * @defaultValue 4_096
   */
  readonly maxCursorBytes?: number;
  /** Hears of an event that cannot be read, a storage that fails, a listener that throws. @defaultValue only what a listener throws is reported, as uncaught */
  readonly onError?: ErrorListener;
}

/** The names of {@link ConnectOptions}. */
export const CONNECT_OPTIONS: OptionNames<ConnectOptions> = {
  signal: true,
  token: true,
  headers: true,
  method: true,
  body: true,
  credentials: true,
  lastEventId: true,
  storage: true,
  shareTabs: true,
  transport: true,
  fetch: true,
  parse: true,
  backoff: true,
  idleTimeoutMs: true,
  maxEventLength: true,
  maxCursorBytes: true,
  onError: true,
};

/** The options with their defaults, checked. */
export interface ResolvedOptions extends Omit<ConnectOptions, "backoff"> {
  readonly url: string;
  readonly backoff: Backoff;
  readonly idleTimeoutMs: number | null;
  readonly maxEventLength: number;
  readonly maxCursorBytes: number;
  /** What tabs that share a connection have in common; undefined if nothing is shared. */
  readonly tabsKey: string | undefined;
}

/** @throws SSETargetError `invalid-option` */
export function resolveOptions(url: string | URL, given?: ConnectOptions): ResolvedOptions {
  const options = readOptions("connect", given, CONNECT_OPTIONS);
  const { method, token, headers, body, fetch, shareTabs, credentials, storage, lastEventId } = options;
  const { minMs, maxMs } = readOptions("backoff", options.backoff, { minMs: true, maxMs: true });
  const numbers = {
    backoff: {
      minMs: wholeNumberOption("backoff.minMs", minMs, 1_000, 1, MAX_TIMER_MS),
      maxMs: wholeNumberOption("backoff.maxMs", maxMs, 30_000, 1, MAX_TIMER_MS),
    },
    idleTimeoutMs: delayOption("idleTimeoutMs", options.idleTimeoutMs, 45_000),
    maxEventLength: wholeNumberOption("maxEventLength", options.maxEventLength, 16_777_216, 1, 2 ** 31 - 1),
    maxCursorBytes: wholeNumberOption("maxCursorBytes", options.maxCursorBytes, 4_096, 1),
  };
  if (typeof storage === "string" && !STORAGE_NAMES.includes(storage)) {
    refuse(`\`storage\` must be "localStorage", "sessionStorage" or an object, got "${storage}"`);
  }
  if (lastEventId && !isSendable(lastEventId, numbers.maxCursorBytes)) {
    refuse("`lastEventId` must be a text that a header can carry, of at most `maxCursorBytes` bytes");
  }
  if (body && (!method || /^(get|head)$/i.test(method))) refuse("`body` needs a `method`, such as POST");
  if (!isRequestable({ method, credentials })) refuse("`method` and `credentials` must be what `fetch` takes");
  const { document } = globalThis;
  const href = resolveUrl(url, fetch !== undefined);
  const isPersonal = token || headers || body || fetch || options.transport;
  if (shareTabs === true && isPersonal) {
    refuse(
      "`shareTabs: true` cannot see whose `token`, `headers`, `body`, `fetch` or `transport` it is; give a text that says so",
    );
  }
  const isPlain = !(method || isPersonal);
  const isShared = shareTabs ?? (isPlain && document);
  return {
    ...options,
    ...numbers,
    url: href,
    tabsKey: isShared ? JSON.stringify([href, credentials, shareTabs ?? true]) : undefined,
  };
}

/** What no request can have would fail each try. */
function isRequestable(init: Pick<RequestInit, "method" | "credentials">): boolean {
  try {
    return !globalThis.Request || Boolean(new Request("http://h/", init));
  } catch {
    return false;
  }
}

/** Whether a cursor can go back to the server as a header. */
export function isSendable(cursor: string, maxBytes: number): boolean {
  // oxlint-disable-next-line no-control-regex -- These are what is looked for.
  if (typeof cursor !== "string" || /[\0-\x08\n-\x1f\x7f]/.test(cursor)) return false;
  return cursor.length * 3 <= maxBytes || new TextEncoder().encode(cursor).length <= maxBytes;
}

/** @param isFetchGiven whether a relative URL is somebody else's to understand, if there is nothing that it could be relative to */
function resolveUrl(url: string | URL, isFetchGiven: boolean): string {
  const { document, location } = globalThis;
  let found: URL | undefined;
  try {
    found = new URL(url, document?.baseURI ?? location?.href);
  } catch {
    if (isFetchGiven) return String(url);
  }
  // No `fetch` takes a URL with a password. The text is not repeated, for it may hold one.
  if (!found || found.username || found.password) refuse("`url` must be absolute, without password");
  return found.href;
}

function refuse(message: string): never {
  throw new SSETargetError("invalid-option", message);
}
