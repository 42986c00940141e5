import { MAX_KEY_LENGTH } from "../event/event.ts";
import { canonicalJson } from "./tree/canonical-json.ts";
import type { SpanEvent } from "./events.ts";
import { fnv1a32, textHash, toHex32 } from "../util/text-hash.ts";

/** A new span id: 16 hex digits, never all zero. @see https://www.w3.org/TR/trace-context/#parent-id */
export function randomSpanId(): string {
  const bytes = new Uint8Array(8);
  do crypto.getRandomValues(bytes);
  while (bytes.every((byte) => byte === 0));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What an idempotency key is made of. */
export interface SpanEventKeyParts {
  readonly traceId: string;
  readonly spanId: string;
  readonly type: SpanEvent["type"];
  /** @defaultValue 1 */
  readonly attempt?: number;
  /** Names the opening, if nobody has said which attempt it is. */
  readonly run?: string | undefined;
  /** For `updated` and `log`: the how-manieth of this span and type, from 1. @defaultValue 0 */
  readonly sequence?: number;
  /** For `updated` and `log`: what it says, without its time. JSON. */
  readonly payload?: unknown;
}

/**
 * The idempotency key of a span event: `<traceId>/<spanId>/<type>/<attempt>`, and behind a dot the `run` if there is one.
 *
 * A span begins and ends once an attempt and run, so for `started` and `ended` that is all. `updated` and `log` go on with
 * `/<sequence>/<hash of the payload>`: code that runs again and says the same again in the same order has the
 * same keys, and where it says something new it has new ones. At most {@link MAX_KEY_LENGTH} UTF-16 code units: of longer
 * keys the end is replaced by a 64-bit hash of the whole. Guards against accidents, not against forged collisions.
 */
export function spanEventKey(parts: SpanEventKeyParts): string {
  const { traceId, spanId, type, attempt = 1, run } = parts;
  let key = `${escapeId(traceId)}/${escapeId(spanId)}/${type}/${attempt}`;
  if (run !== undefined) key += `.${escapeId(run)}`;
  if (type === "updated" || type === "log") {
    key += `/${parts.sequence ?? 0}/${toHex32(fnv1a32(canonicalJson(parts.payload ?? null)))}`;
  }
  return key.length <= MAX_KEY_LENGTH ? key : shorten(key);
}

/**
 * Without this, trace `a/b` with span `c` and trace `a` with span `b/c` would share their keys; and a stream refuses keys that hold
 * half a surrogate pair.
 */
function escapeId(id: string): string {
  const escaped = id.replaceAll("%", "%25").replaceAll("/", "%2F");
  return escaped.replaceAll(/\p{Surrogate}/gu, (half) => `%u${half.charCodeAt(0).toString(16)}`);
}

function shorten(key: string): string {
  const hash = textHash(key);
  let prefix = key.slice(0, MAX_KEY_LENGTH - hash.length - 1);
  // Half a surrogate pair would not survive UTF-8.
  if (/[\uD800-\uDBFF]$/.test(prefix)) prefix = prefix.slice(0, -1);
  return `${prefix}~${hash}`;
}
