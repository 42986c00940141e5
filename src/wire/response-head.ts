/**
 * The headers of every event stream.
 *
 * `no-transform` keeps proxies from compressing and so withholding events; `X-Accel-Buffering` turns nginx's buffering off.
 * @see https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
 */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** Headers of a refusal: a plain sentence that no cache keeps. */
export const REFUSAL_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "no-store",
};
