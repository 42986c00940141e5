import { h } from "preact";
import { throwTo } from "../client/delivery.ts";
import type { SpanNode } from "../trace/tree/node.ts";
import { isolateText } from "../trace/view/visible-text.ts";
import { ActionButtons, type SpanActions } from "./action-button.ts";
import detailsCss from "./details.css?inline";
import { ENGLISH_TRACE } from "./english.ts";
import headerCss from "./header.css?inline";
import type { TraceSelectDetail, TraceStateDetail } from "./jsx.ts";
import type { TraceLabels } from "./labels.ts";
import { LiveRegion } from "./live-region.ts";
import rowCss from "./row.css?inline";
import { type RunSummary, summarizeRun } from "./headline.ts";
import { linkTo, readLink, type SpanLink } from "./span-link.ts";
import type { ShownState } from "./span-text.ts";
import sharedCss from "./shared.css?inline";
import type { TraceContext, TraceHost } from "./trace-context.ts";
import { TraceModel, type SpanRef } from "./trace-model.ts";
import { Trace } from "./trace-view.tsx";
import { keyOf } from "./trace-rows.ts";
import toolbarCss from "./toolbar.css?inline";
import traceCss from "./trace.css?inline";
import treeCss from "./tree.css?inline";
import { TreeView } from "./tree-view.ts";
import { WatchElement } from "./watch-element.ts";

const COPIED_MS = 1_600;

/** `<ssetarget-trace>`: the tree of a run's spans beside its timeline, live. */
export class SSETargetTraceElement extends WatchElement implements TraceHost {
  static override readonly observedAttributes = [...WatchElement.observedAttributes, "follow", "collapse-finished"];
  static override readonly givenProperties = [...WatchElement.givenProperties, "action", "highlight"];
  static override readonly styles: string = [
    sharedCss,
    traceCss,
    headerCss,
    toolbarCss,
    treeCss,
    rowCss,
    detailsCss,
  ].join("");

  /** Makes the link to a span; by default that to this page with `#span=…`. */
  declare linkFor: ((span: SpanNode) => string) | undefined;

  #labels: TraceLabels = ENGLISH_TRACE;
  readonly #model = new TraceModel();
  readonly #tree = new TreeView(this, this.root, this.#model);
  readonly #buttons = new ActionButtons(() => this.refresh());
  readonly #liveRegion = new LiveRegion((text) => this.#announce(text), ENGLISH_TRACE);
  #highlight: ((span: SpanNode) => boolean) | undefined;
  #story: RunSummary | undefined;
  #told: TraceStateDetail = { status: "idle", run: undefined, name: undefined, state: undefined };
  #announcement = "";
  #region: HTMLElement | null = null;
  #link: SpanLink | undefined;
  #copiedTimer: ReturnType<typeof setTimeout> | undefined;

  /** Keeps the newest span in view, until somebody scrolls. */
  get follow(): boolean {
    return this.hasAttribute("follow");
  }

  set follow(follows: boolean) {
    this.toggleAttribute("follow", follows);
  }

  /** Branches that have ended well fold by themselves. */
  get collapseFinished(): boolean {
    return this.hasAttribute("collapse-finished");
  }

  set collapseFinished(collapses: boolean) {
    this.toggleAttribute("collapse-finished", collapses);
  }

  /** Texts instead of the English ones. */
  get labels(): TraceLabels {
    return this.#labels;
  }

  set labels(labels: Partial<TraceLabels>) {
    this.#labels = this.#liveRegion.labels = { ...ENGLISH_TRACE, ...labels };
    this.refresh();
  }

  /** What a reader can do about a span: a button in its row. */
  get action(): SpanActions | undefined {
    return this.#buttons.actions;
  }

  set action(actions: SpanActions | undefined) {
    this.#buttons.actions = actions;
    this.refresh();
  }

  /** Which spans are to stand out; all others step back. Called with every frame, so it should be quick. */
  get highlight(): ((span: SpanNode) => boolean) | undefined {
    return this.#highlight;
  }

  set highlight(standsOut: ((span: SpanNode) => boolean) | undefined) {
    this.#highlight = standsOut;
    this.refresh();
  }

  /** The span that is selected, as it stands. */
  get selected(): SpanNode | undefined {
    return this.#model.selected;
  }

  /** Selects a span, unfolds what is above it and brings it into view; false where it is not known. */
  select(spanId: string, traceId?: string): boolean {
    this.#model.update(this.tree);
    const node = this.tree?.get(spanId, traceId);
    if (node === undefined) return false;
    this.follow = false;
    this.#model.reveal(node);
    this.#tree.reveal(node);
    this.show(node);
    return true;
  }

  /** Opens the details of a span, or closes them. */
  show(ref: SpanRef | undefined): void {
    const before = this.#model.selected;
    this.#model.select(ref && { traceId: ref.traceId, spanId: ref.spanId });
    const span = this.#model.selected;
    this.refresh();
    if ((before && keyOf(before)) === (span && keyOf(span))) return;
    this.#forgetCopy();
    // The focus was in the pane that goes away, or on the row that opened it.
    if (span === undefined && this.root.activeElement !== null) this.#tree.focus();
    this.#dispatch("ssetarget-select", { span });
  }

  /** Unfolds every row. */
  expandAll(): void {
    this.collapseFinished = false;
    this.#model.setAllExpanded(true);
    this.refresh();
  }

  /** Folds every row but the roots. */
  collapseAll(): void {
    this.#model.setAllExpanded(false);
    this.refresh();
  }

  /** Shows only spans that have the text in them, and are shown in one of these states (none: in any). */
  filter(text: string, states: readonly ShownState[] = []): void {
    this.#model.filter(text, states);
    this.refresh();
  }

  /** Shows the whole time axis. */
  fit(): void {
    this.#tree.fit();
  }

  /** Makes what is shown of the time axis `factor` times as long, around its middle. */
  zoom(factor: number): void {
    this.#tree.zoom(factor);
  }

  /** Puts the link to a span on the clipboard. */
  async copyLink(node: SpanNode): Promise<void> {
    const isAmbiguous = this.tree?.get(node.spanId) !== node;
    const link = this.linkFor?.(node) ?? linkTo(node, isAmbiguous, location.href);
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      // The clipboard is closed to pages on plain http elsewhere than localhost; the address bar is not.
      if (this.linkFor === undefined) location.replace(link);
      return;
    }
    this.#forgetCopy();
    this.#copiedTimer = setTimeout(() => this.#forgetCopy(), COPIED_MS);
    this.#announce(this.#labels.copied);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("hashchange", this.#readLink);
    this.#readLink();
    this.#tree.connect();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("hashchange", this.#readLink);
    this.#tree.disconnect();
    this.#liveRegion.stop();
    this.#forgetCopy();
  }

  protected override onWatch(): void {
    this.#liveRegion.stop();
    this.#model.clear();
    this.#tree.window.fit();
  }

  protected override onChange(): void {
    const { tree, status } = this;
    this.#model.setCollapsesFinished(this.collapseFinished);
    this.#model.update(tree);
    const story = tree && summarizeRun(tree, this.#labels, this.formats);
    this.#story = story;
    if (story) this.#liveRegion.watch(this.#model.roots, this.#labels.tell(isolateText(story.name), story.headline));
    if (this.#link && this.select(this.#link.spanId, this.#link.traceId)) this.#link = undefined;
    const before = this.#told;
    const detail = { status, run: story?.run, name: story?.name, state: story?.state };
    this.#told = detail;
    if (status === before.status && detail.state === before.state && detail.name === before.name) return;
    if (status === "waiting" && before.status === "open") this.#liveRegion.say(this.#labels.connectionLost);
    if (status === "open" && before.status === "waiting") this.#liveRegion.say(this.#labels.connectionBack);
    this.#dispatch("ssetarget-state", detail);
  }

  protected override view(elapsedMs: number): unknown {
    this.#tree.prepare(this.now, elapsedMs, this.isCalm);
    const { status } = this;
    const [story, tree, context, takeRegion] = [this.#story, this.#tree, this.#context, this.#takeRegion];
    return h(Trace, { story, status, tree, context, takeRegion });
  }

  protected override onDrawn(): void {
    this.#tree.onDrawn();
  }

  protected override nextFrameMs(): number | undefined {
    if (this.#tree.window.isGliding) return 0;
    // Also where no open span is in view: the head counts, and the axis grows.
    if (this.isStill || !this.#model.extent.isOpen) return this.status === "waiting" ? 1_000 : undefined;
    // A pixel, or the next tenth of a second: nothing can be seen to move before.
    return this.isCalm ? 1_000 : Math.min(100, this.#tree.msPerPx);
  }

  get #context(): TraceContext {
    return {
      host: this,
      labels: this.#labels,
      formats: this.formats,
      model: this.#model,
      window: this.#tree.window,
      buttons: this.#buttons,
      highlight: this.#highlight && this.#standsOut,
      connection: this.connection,
      now: this.now,
      isCalm: this.isCalm,
      isStill: this.isStill,
      isNarrow: this.#tree.isNarrow,
      hasCopied: this.#copiedTimer !== undefined,
      sideOf: (row, note, start, end) => this.#tree.sideOf(row, note, start, end),
    };
  }

  readonly #standsOut = (span: SpanNode): boolean => {
    try {
      return this.#highlight?.(span) ?? true;
    } catch (error) {
      // It is asked with every frame: one that fails is reported once, and not asked again.
      this.#highlight = undefined;
      throwTo(undefined)(error);
      return true;
    }
  };

  readonly #readLink = (): void => {
    this.#link = readLink(location.hash);
    // It may come before the span that it names.
    this.refresh();
  };

  #forgetCopy(): void {
    clearTimeout(this.#copiedTimer);
    this.#copiedTimer = undefined;
    this.refresh();
  }

  readonly #takeRegion = (region: HTMLElement | null): void => {
    this.#region = region;
    this.#announce(this.#announcement);
  };

  /** Sets the text at once: out of sight nothing is drawn, but screen readers still read. */
  #announce(text: string): void {
    this.#announcement = text;
    if (this.#region !== null) this.#region.textContent = text;
  }

  #dispatch(type: string, detail: TraceStateDetail | TraceSelectDetail): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}
