/**
 * The globals that the core may use: what Node, Deno, Bun, workerd and browsers have in common, and no more.
 *
 * `tsconfig.core.json` compiles the core against this file alone, without Node's or the DOM's types, so that a
 * `process` or a `window` that slips in is a compile error. A new global is added here only after it was seen in all five.
 */
interface EventInit {
  readonly bubbles?: boolean;
  readonly composed?: boolean;
  readonly cancelable?: boolean;
}
declare class Event {
  constructor(type: string, init?: EventInit);
  readonly type: string;
  readonly defaultPrevented: boolean;
  preventDefault(): void;
}
type PlatformListener = ((event: Event) => void) | { handleEvent(event: Event): void } | null;
interface PlatformListenerOptions {
  readonly once?: boolean;
  readonly signal?: AbortSignal;
}
declare class EventTarget {
  addEventListener(type: string, listener: PlatformListener, options?: PlatformListenerOptions | boolean): void;
  removeEventListener(type: string, listener: PlatformListener, options?: PlatformListenerOptions | boolean): void;
  dispatchEvent(event: Event): boolean;
}
interface AbortSignal extends EventTarget {
  readonly aborted: boolean;
  readonly reason: unknown;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
declare class TextEncoder {
  encode(text: string): Uint8Array;
}
declare class URL {
  constructor(url: string, base?: string);
  readonly href: string;
  readonly origin: string;
  pathname: string;
  readonly searchParams: { get(name: string): string | null };
}
declare class Headers {
  constructor(init?: Headers | Readonly<Record<string, string>> | [string, string][]);
  get(name: string): string | null;
  has(name: string): boolean;
  set(name: string, value: string): void;
  /** Each `set-cookie` on its own. */
  forEach(callback: (value: string, name: string) => void): void;
}
declare class Request {
  constructor(
    url: string,
    init?: { readonly method?: string; readonly headers?: Headers; readonly signal?: AbortSignal },
  );
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly signal: AbortSignal;
}
declare class Response {
  constructor(
    body?: string | ReadableStream<Uint8Array> | null,
    init?: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> | Headers },
  );
  readonly status: number;
  readonly headers: Headers;
}
interface ReadableStreamDefaultController<T> {
  readonly desiredSize: number | null;
  enqueue(chunk: T): void;
  close(): void;
  error(reason?: unknown): void;
}
interface QueuingStrategy<T> {
  readonly highWaterMark?: number;
  readonly size?: (chunk: T) => number;
}
declare class ReadableStream<T = unknown> {
  constructor(
    source?: {
      start?(controller: ReadableStreamDefaultController<T>): void;
      pull?(controller: ReadableStreamDefaultController<T>): void;
      cancel?(reason?: unknown): void;
    },
    strategy?: QueuingStrategy<T>,
  );
}
declare const crypto: {
  getRandomValues<T extends Uint8Array | Uint32Array>(array: T): T;
  randomUUID(): string;
};
declare const performance: { now(): number };
/** A number or an object, depending on the runtime. */
interface PlatformTimer {
  readonly platformTimer: unique symbol;
}
declare function setTimeout(callback: () => void, delayMs?: number): PlatformTimer;
declare function clearTimeout(timer: PlatformTimer): void;
declare function setInterval(callback: () => void, delayMs?: number): PlatformTimer;
declare function clearInterval(timer: PlatformTimer): void;
declare function queueMicrotask(callback: () => void): void;
declare function decodeURIComponent(text: string): string;
declare function encodeURIComponent(text: string): string;
