/** Where a stream is kept in Redis. */
export interface StreamKeys {
  /** A stream: the events, each under its own id. */
  readonly events: string;
  /** A hash: what there is to know of the history as a whole. */
  readonly meta: string;
  /** A sorted set: idempotency keys by the ids of their events. */
  readonly keys: string;
  /** Begins the name of a string for each store that writes: what its last call has done. */
  readonly writer: string;
  /** Where new events are published. */
  readonly channel: string;
}

/**
 * The keys of a stream. The braces make a cluster keep them all in one slot, so the prefix must not have any of its own.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function streamKeys(prefix: string, channelPrefix: string): StreamKeys {
  const tag = prefix.replaceAll(/[%{}]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
  return {
    events: `{${tag}}:events`,
    meta: `{${tag}}:meta`,
    keys: `{${tag}}:keys`,
    writer: `{${tag}}:writer:`,
    channel: `${channelPrefix}{${tag}}:live`,
  };
}
