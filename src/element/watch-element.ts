import { type ComponentChild, h, render } from "preact";
import { ifAllowed } from "../util/if-allowed.ts";
import { watchTrace } from "../client/watch-trace.ts";
import { SpanTree } from "../trace/tree/tree.ts";
import type { ViewStatus, WatchView } from "./connection.ts";
import { Formats, languageOf } from "./formats.ts";
import { FrameScheduler } from "./frame-scheduler.ts";

/** Interval at which an element out of view still updates the page's events. */
const HIDDEN_SETTLE_MS = 500;
/** An observer reports within a frame. One that does not is a stand-in, and the element counts as visible. */
const SIGHT_MS = 1_000;
/** Longest step of an animation after a pause. */
const MAX_ELAPSED_MS = 100;

/** Without a DOM (a server that renders pages) the classes can be loaded, but not used. */
const BaseElement = globalThis.HTMLElement ?? (Object as unknown as typeof HTMLElement);

/**
 * Base of both elements: a view of a watch, of `src` or set as `watch`. It is drawn at most once per frame, and not at
 * all while it is out of view.
 */
export abstract class WatchElement extends BaseElement {
  static readonly observedAttributes: readonly string[] = ["src", "theme", "lang", "dir"];
  /** Properties that can be set before the element is defined. */
  protected static readonly givenProperties: readonly string[] = ["watch", "labels"];
  protected static readonly styles: string;

  readonly #root = this.attachShadow({ mode: "open" });
  readonly #frames = new FrameScheduler((timeMs) => this.#onFrame(timeMs));
  /** Undefined in a DOM without layout, such as jsdom. */
  readonly #sight = ifAllowed(
    () => new IntersectionObserver((entries) => this.#setInSight(entries.at(-1)?.isIntersecting ?? false)),
  );
  readonly #calm = ifAllowed(() => matchMedia("(prefers-reduced-motion: reduce)"));
  /** Drawn with the rest if style sheets cannot be shared. */
  #style: ComponentChild;
  #isInSight = false;
  #given: WatchView | undefined;
  #current: WatchView | undefined;
  #ownSource: string | undefined;
  #clock: Pick<DateConstructor, "now"> = Date;
  #unsubscribe: (() => void) | undefined;
  #sightTimer: ReturnType<typeof setTimeout> | undefined;
  #settleTimer: ReturnType<typeof setTimeout> | undefined;
  #formats = new Formats("");
  #lang: string | undefined;
  #lastFrameMs = 0;
  #frozenAt: number | undefined;

  constructor() {
    super();
    const { styles } = new.target as typeof WatchElement;
    const isShared =
      "adoptedStyleSheets" in this.#root && ifAllowed(() => (this.#root.adoptedStyleSheets = [styleSheetOf(styles)]));
    if (!isShared) this.#style = h("style", {}, styles);
  }

  /** URL of the event stream. The element connects, and disconnects when it is removed. */
  get src(): string | null {
    return this.getAttribute("src");
  }

  set src(url: string | null) {
    this.setText("src", url);
  }

  /** `light` or `dark`; otherwise the page's color scheme. */
  get theme(): string | null {
    return this.getAttribute("theme");
  }

  set theme(theme: string | null) {
    this.setText("theme", theme);
  }

  /** A watch to show instead of `src`: shared, or with options. The element does not close it. */
  get watch(): WatchView | undefined {
    return this.#given;
  }

  set watch(watch: WatchView | undefined) {
    this.#given = watch;
    this.#attach();
  }

  /** State of the connection; `idle` if there is nothing to watch. */
  get status(): ViewStatus {
    return this.#current?.state.status ?? "idle";
  }

  /** Reconnects at once, also after the server has refused. */
  reconnect(): void {
    this.#current?.reconnect();
  }

  connectedCallback(): void {
    for (const name of (this.constructor as typeof WatchElement).givenProperties) this.#upgrade(name);
    document.addEventListener("visibilitychange", this.#see);
    this.#watchSight();
    this.#attach();
  }

  disconnectedCallback(): void {
    ifAllowed(() => this.#sight?.disconnect());
    clearTimeout(this.#sightTimer);
    document.removeEventListener("visibilitychange", this.#see);
    this.#isInSight = false;
    this.#frames.stop();
    // Moving an element removes and adds it at once: it must keep its connection.
    queueMicrotask(() => {
      if (!this.isConnected) this.#detach();
    });
  }

  attributeChangedCallback(name: string): void {
    if (name === "src") this.#attach();
    this.refresh();
  }

  protected get root(): ShadowRoot {
    return this.#root;
  }

  protected get tree(): SpanTree | undefined {
    return this.#current?.tree;
  }

  protected get connection(): WatchView["state"] | undefined {
    return this.#current?.state;
  }

  protected get formats(): Formats {
    return this.#formats;
  }

  /** Whether the user prefers reduced motion. */
  protected get isCalm(): boolean {
    return this.#calm?.matches ?? false;
  }

  /** The connection was given up, and is not retried. */
  protected get isRefused(): boolean {
    return this.status === "failed" || this.status === "closed";
  }

  /** Without a connection, the view stands still. */
  protected get isStill(): boolean {
    return isStillIn(this.status);
  }

  /** Now, on the server's clock. */
  protected get now(): number {
    if (!this.isStill || this.#frozenAt === undefined) this.#frozenAt = this.#clock.now();
    return this.#frozenAt;
  }

  /** Redraws everything with the next frame in which it is visible. */
  refresh(): void {
    this.#frames.request();
  }

  protected setText(name: string, text: string | null): void {
    if (text == null) this.removeAttribute(name);
    else this.setAttribute(name, text);
  }

  /**
   * What to draw, `elapsedMs` after the last frame. The type is Preact's `ComponentChild`, which must not be in the
   * declarations: Preact is bundled, and users do not have its types.
   */
  protected abstract view(elapsedMs: number): unknown;

  /** Called when another watch is shown, or none. */
  protected onWatch(): void {}

  /** Called when the tree or the connection has changed, at most once per frame; less often out of view. */
  protected onChange(): void {}

  /** Called after drawing. */
  protected onDrawn(): void {}

  /** Time until something visible moves without an event, in milliseconds; undefined if nothing does. */
  protected nextFrameMs(): number | undefined {
    return this.status === "waiting" ? 1_000 : undefined;
  }

  #attach(): void {
    if (!this.isConnected) return;
    const given = this.#given;
    const source = given === undefined ? (this.src ?? undefined) : undefined;
    if (given === undefined ? source === this.#ownSource : given === this.#current) return;
    this.#detach();
    this.#ownSource = source;
    this.#current = given ?? (source === undefined ? undefined : openOwn(source));
    this.#unsubscribe = this.#current && this.#follow(this.#current);
    this.onWatch();
    this.#onNews();
  }

  #follow(watch: WatchView): () => void {
    this.#clock = watch.clock ?? Date;
    this.#frozenAt = undefined;
    let { status } = watch.state;
    return watch.subscribe((frameMs) => {
      const before = status;
      ({ status } = watch.state);
      // Even if nothing is drawn now: later, the element shows the state at which the connection was lost.
      if (isStillIn(status) && !isStillIn(before)) this.#frozenAt = this.#clock.now();
      this.#onNews(frameMs);
    });
  }

  #detach(): void {
    this.#unsubscribe?.();
    clearTimeout(this.#settleTimer);
    if (this.#ownSource !== undefined) this.#current?.close();
    this.#settleTimer = this.#unsubscribe = this.#current = this.#ownSource = undefined;
    this.onWatch();
  }

  #onNews(frameMs?: number): void {
    this.#frames.drawIn(frameMs);
    if (!this.#isVisible) this.#settleTimer ??= setTimeout(() => this.#settle(), HIDDEN_SETTLE_MS);
  }

  #onFrame(timeMs: number): void {
    const lang = languageOf(this);
    if (lang !== this.#lang) this.#formats = new Formats((this.#lang = lang));
    this.#settle();
    const view = this.view(Math.min(MAX_ELAPSED_MS, timeMs - this.#lastFrameMs)) as ComponentChild;
    render([this.#style, view], this.#root);
    this.#lastFrameMs = timeMs;
    this.onDrawn();
    const delayMs = this.nextFrameMs();
    if (delayMs !== undefined) this.#frames.request(delayMs);
  }

  #settle(): void {
    clearTimeout(this.#settleTimer);
    this.#settleTimer = undefined;
    this.onChange();
  }

  get #isVisible(): boolean {
    return this.#isInSight && !document.hidden;
  }

  #watchSight(): void {
    const seen = (): void => {
      if (this.isConnected) this.#setInSight(true);
    };
    const isWatched = ifAllowed(() => {
      this.#sight?.observe(this);
      requestAnimationFrame(() => (this.#sightTimer = setTimeout(seen, SIGHT_MS)));
      return this.#sight;
    });
    if (!isWatched) seen();
  }

  #setInSight(isInSight: boolean): void {
    clearTimeout(this.#sightTimer);
    this.#isInSight = isInSight;
    this.#see();
  }

  readonly #see = (): void => {
    this.#frames.isVisible = this.#isVisible;
    if (this.#isVisible) this.#frames.request();
  };

  /** Passes a property that was set before the element was defined through its accessor. */
  #upgrade(name: string): void {
    if (!Object.hasOwn(this, name)) return;
    const fields = this as unknown as Record<string, unknown>;
    const value = fields[name];
    delete fields[name];
    fields[name] = value;
  }
}

function isStillIn(status: ViewStatus): boolean {
  return status !== "open" && status !== "ended" && status !== "idle";
}

const sheets = new Map<string, CSSStyleSheet>();

/** The style sheet that all elements of a kind share. */
function styleSheetOf(text: string): CSSStyleSheet {
  const sheet = sheets.get(text) ?? new CSSStyleSheet();
  if (!sheets.has(text)) sheet.replaceSync(text);
  sheets.set(text, sheet);
  return sheet;
}

function openOwn(source: string): WatchView {
  try {
    return watchTrace(source);
  } catch (cause) {
    // An invalid URL looks like a server that cannot be reached.
    const error = cause instanceof Error ? cause : new Error(String(cause));
    const nothing = (): void => {};
    const state = { status: "failed", error } as const;
    return { tree: new SpanTree(), state, subscribe: () => nothing, close: nothing, reconnect: nothing };
  }
}
