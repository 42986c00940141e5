import type { SpanNode } from "../trace/tree/node.ts";

/** What a link to a span names. */
export interface SpanLink {
  readonly spanId: string;
  /** Undefined where the id alone says which span is meant. */
  readonly traceId: string | undefined;
}

/** The link to a span of the page at `href`: `#span=…`, and `&trace=…` where the span's id alone does not tell it. */
export function linkTo({ spanId, traceId }: SpanNode, isAmbiguous: boolean, href: string): string {
  const url = new URL(href);
  const fragment = new URLSearchParams({ span: spanId, ...(isAmbiguous ? { trace: traceId } : {}) });
  url.hash = fragment.toString();
  return url.href;
}

/** The span that a fragment (`#span=…`) names, if it names one. */
export function readLink(hash: string): SpanLink | undefined {
  const fragment = new URLSearchParams(hash.slice(1));
  const spanId = fragment.get("span");
  return spanId === null || spanId === "" ? undefined : { spanId, traceId: fragment.get("trace") ?? undefined };
}
