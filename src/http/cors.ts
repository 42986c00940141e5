import { SSETargetError } from "../util/errors.ts";
import { describeValue, type OptionNames, readOptions, wholeNumberOption } from "../util/options.ts";
import { STREAM_NAME_HEADER } from "../wire/response-head.ts";

/** Which other origins' pages may read the stream. @see https://fetch.spec.whatwg.org/#http-cors-protocol */
export interface CorsOptions {
  /** `"*"`, one origin, several, or a test of the `Origin` header. @defaultValue "*" */
  readonly origin?: string | readonly string[] | ((origin: string) => boolean);
  /** Whether cookies and HTTP authentication are let through; needs named origins. @defaultValue false */
  readonly credentials?: boolean;
  /** Request headers a page may send with `fetch`. @defaultValue ["authorization", "cache-control", "last-event-id"] */
  readonly allowHeaders?: readonly string[];
  /** How long browsers remember the answer to a preflight, in seconds. @defaultValue 86_400 */
  readonly maxAgeSeconds?: number;
}

const CORS_OPTIONS: OptionNames<CorsOptions> = {
  origin: true,
  credentials: true,
  allowHeaders: true,
  maxAgeSeconds: true,
};
const DEFAULT_ALLOW_HEADERS = ["authorization", "cache-control", "last-event-id"];

/** Without it, another origin's page cannot see the name, and its tabs share nothing. */
const EXPOSED = { "access-control-expose-headers": STREAM_NAME_HEADER };

/** Makes the CORS headers of responses. */
export class CorsPolicy {
  readonly #origin: NonNullable<CorsOptions["origin"]>;
  readonly #credentials: boolean;
  readonly #preflight: Readonly<Record<string, string>>;

  /** @throws SSETargetError `invalid-option` */
  constructor(options: CorsOptions | true) {
    const {
      origin = "*",
      credentials = false,
      allowHeaders = DEFAULT_ALLOW_HEADERS,
      maxAgeSeconds,
    } = readOptions("cors", options === true ? undefined : options, CORS_OPTIONS);
    if (credentials && origin === "*") {
      throw new SSETargetError(
        "invalid-option",
        '`cors.origin` must name origins when `cors.credentials` is on, got "*"; browsers refuse the two together',
      );
    }
    if (typeof origin !== "string" && typeof origin !== "function" && !Array.isArray(origin)) {
      throw new SSETargetError(
        "invalid-option",
        `\`cors.origin\` must be a string, a list of strings or a function, got ${describeValue(origin)}`,
      );
    }
    this.#origin = origin;
    this.#credentials = credentials;
    this.#preflight = {
      "access-control-allow-methods": "GET, HEAD, OPTIONS",
      "access-control-allow-headers": allowHeaders.join(", "),
      "access-control-max-age": String(wholeNumberOption("cors.maxAgeSeconds", maxAgeSeconds, 86_400, 0)),
    };
  }

  /** Headers for any response to a request with this `Origin`, which is not trusted. */
  headers(origin: string | null): Record<string, string> {
    if (this.#origin === "*") return { "access-control-allow-origin": "*", ...EXPOSED };
    const headers: Record<string, string> = { vary: "Origin" };
    if (origin === null || !this.#allows(origin)) return headers;
    Object.assign(headers, EXPOSED, { "access-control-allow-origin": origin });
    if (this.#credentials) headers["access-control-allow-credentials"] = "true";
    return headers;
  }

  /** Further headers for the answer to a preflight. */
  get preflightHeaders(): Readonly<Record<string, string>> {
    return this.#preflight;
  }

  #allows(origin: string): boolean {
    const allowed = this.#origin;
    if (typeof allowed === "function") return allowed(origin);
    return typeof allowed === "string" ? allowed === origin : allowed.includes(origin);
  }
}
