import { type ComponentChild, h, render } from "preact";
import { ifAllowed } from "../util/if-allowed.ts";
import { watchTrace } from "../client/watch-trace.ts";
import { SpanTree } from "../trace/tree/tree.ts";
import type { ViewStatus, WatchView } from "./connection.ts";
import { Formats, languageOf } from "./formats.ts";
import { FrameScheduler } from "./frame-scheduler.ts";

/** Nothing is drawn where nobody can see it, but what is told to the page still is, this often at the most. */
const HIDDEN_SETTLE_MS = 500;
/** An observer says with the next frame whether an element is in sight. If it does not, it is a stand-in, and the element counts as seen. */
const SIGHT_MS = 1_000;
/** After a rest, time goes on from where it is. */
const MAX_ELAPSED_MS = 100;

/** Where there are no elements (a server that renders pages) the classes can be loaded, and not used. */
const BaseElement = globalThis.HTMLElement ?? (Object as unknown as typeof HTMLElement);

/**
 * What both elements are: a view of a watch, its own (of `src`) or one that was given (`watch`), which is drawn once
 * per frame at the most, and not at all while nobody can see it.
 */
export abstract class WatchElement extends BaseElement {
  static readonly observedAttributes: readonly string[] = ["src", "theme", "lang", "dir"];
  /** Properties that may have been set before the element was defined. */
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

  /** The URL of the stream of events. The element opens the connection, and closes it when it is removed. */
  get src(): string | null {
    return this.getAttribute("src");
  }

  set src(url: string | null) {
    this.setText("src", url);
  }

  /** `light` or `dark`; otherwise the color scheme that the page uses there. */
  get theme(): string | null {
    return this.getAttribute("theme");
  }

  set theme(theme: string | null) {
    this.setText("theme", theme);
  }

  /** A watch to show instead of one of `src`; for one that is shared, or needs options. It is not closed by the element. */
  get watch(): WatchView | undefined {
    return this.#given;
  }

  set watch(watch: WatchView | undefined) {
    this.#given = watch;
    this.#attach();
  }

  /** How the connection stands; `idle` where there is nothing to watch. */
  get status(): ViewStatus {
    return this.#current?.state.status ?? "idle";
  }

  /** Connects again at once, or after the server has refused. */
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
    // An element that is moved is removed and added in one go, and shall not lose its connection by that.
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

  /** Whether the reader prefers that nothing moves. */
  protected get isCalm(): boolean {
    return this.#calm?.matches ?? false;
  }

  /** The connection was given up: it is not tried again by itself. */
  protected get isRefused(): boolean {
    return this.status === "failed" || this.status === "closed";
  }

  /** Without a connection nothing is known of what goes on: what is shown stands still. */
  protected get isStill(): boolean {
    return isStillIn(this.status);
  }

  /** Now, on the server's clock. */
  protected get now(): number {
    if (!this.isStill || this.#frozenAt === undefined) this.#frozenAt = this.#clock.now();
    return this.#frozenAt;
  }

  /** Asks for everything to be drawn anew, with the next frame in which it can be seen. */
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

  /** Another watch is shown from now on, or none. */
  protected onWatch(): void {}

  /** The tree or the connection has changed; called once per frame at the most, and also where nobody can see it. */
  protected onChange(): void {}

  /** It has been drawn. */
  protected onDrawn(): void {}

  /** In how many milliseconds something that is shown will have moved by itself; undefined where nothing does. */
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

  /** A property that was set before the element was defined hides the accessor. */
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

/** All elements of a kind share one style sheet. */
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
    // What is no URL fails like a server that is not there.
    const error = cause instanceof Error ? cause : new Error(String(cause));
    const nothing = (): void => {};
    const state = { status: "failed", error } as const;
    return { tree: new SpanTree(), state, subscribe: () => nothing, close: nothing, reconnect: nothing };
  }
}
