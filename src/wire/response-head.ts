/**
 * The headers of every event stream.
 *
 * `no-transform` keeps proxies from compressing and so withholding events; `X-Accel-Buffering` turns nginx's buffering off;
 * `Incremental` asks every other intermediary to forward what comes as it comes.
 * @see https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
 * @see https://www.rfc-editor.org/rfc/rfc10036
 */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
  incremental: "?1",
};

/**
 * Response header that names the served history. Tabs of a browser share a connection only if the server gave each of
 * them the same name.
 */
export const STREAM_NAME_HEADER = "ssetarget-stream";

/** Headers of a refusal: a plain sentence that no cache keeps. */
export const REFUSAL_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "no-store",
};
