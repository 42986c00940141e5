/**
 * Every reason for which ssetarget refuses something. Codes are stable: branch on them, not on messages.
 *
 * | code | meaning |
 * | --- | --- |
 * | `invalid-option` | an option has a value that cannot work |
 * | `invalid-event` | what was dispatched is not an object with a `type` |
 * | `invalid-type` | the event's type is empty, too long, or has CR, LF or NUL in it |
 * | `reserved-type` | the event's type begins with `ssetarget:`, which the protocol keeps for itself |
 * | `invalid-id` | an id is not a positive whole number |
 * | `invalid-key` | an idempotency key is empty, too long or not a string |
 * | `invalid-stream-name` | a hub was asked for a stream whose name cannot be one |
 * | `unserializable-data` | the data holds what JSON cannot carry, or would write as something else: a BigInt, a cycle, a function, `NaN`, bytes, a `Map` … |
 * | `event-too-large` | the event's JSON is larger than `maxEventBytes` |
 * | `stream-completed` | the stream has ended; nothing can be added to it |
 * | `too-many-pending` | the store has fallen behind further than `maxPendingEvents` or `maxPendingBytes` |
 * | `too-many-streams` | the hub holds `maxStreams` streams and each of them is storing events just now |
 * | `store-contract` | a store answered with something its contract forbids |
 * | `store-unavailable` | the engine behind a store cannot be reached or refuses to write (a lost connection, a full disk) |
 * | `foreign-data` | what is stored there is another program's, such as `@oselvar/ssetarget`'s; nothing of it is read or changed |
 * | `timeout` | a store or sink did not answer within its bound |
 * | `closed` | the target, hub or store has been closed |
 * | `connection-lost` | a client has no connection to its server just now; it is tried again |
 * | `request-refused` | the server refused a client for good (401, 403, 404 …) |
 * | `not-an-event-stream` | what answered a client is no event stream |
 */
export type SSETargetErrorCode =
  | "invalid-option"
  | "invalid-event"
  | "invalid-type"
  | "reserved-type"
  | "invalid-id"
  | "invalid-key"
  | "invalid-stream-name"
  | "unserializable-data"
  | "event-too-large"
  | "stream-completed"
  | "too-many-pending"
  | "too-many-streams"
  | "store-contract"
  | "store-unavailable"
  | "foreign-data"
  | "timeout"
  | "closed"
  | "connection-lost"
  | "request-refused"
  | "not-an-event-stream";

/** The one error class of ssetarget. `code` is stable; `message` names the field, the value and the fix. */
export class SSETargetError extends Error {
  override readonly name: string = "SSETargetError";
  readonly code: SSETargetErrorCode;

  constructor(code: SSETargetErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Receives what went wrong where nobody awaits the answer: a failing store under a live connection,
 * a listener that threw, a span sink that hangs. Must not throw.
 */
export type ErrorListener = (error: unknown) => void;

/** Whether events were refused for being too many or too large together. Nothing was stored; fewer of them may be taken. */
export function isTooMuch(error: unknown): boolean {
  return error instanceof SSETargetError && (error.code === "event-too-large" || error.code === "too-many-pending");
}

/** The refusal of an event for a stream that was completed. */
export function streamCompleted(): SSETargetError {
  return new SSETargetError("stream-completed", "the stream has ended; nothing can be added to it");
}
