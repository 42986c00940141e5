import { SSETargetError, type SSETargetErrorCode } from "../util/errors.ts";

/**
 * Why there is no connection: `connection-lost` (it is tried again), or `request-refused`, `not-an-event-stream`, `event-too-large`
 * (it is not).
 */
export class ConnectionError extends SSETargetError {
  override readonly name: string = "ConnectionError";
  /** The HTTP status of the server's answer, where there was one and it could be seen. */
  readonly status: number | undefined;
  /** How long the server wants to be left alone (`Retry-After`), in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: SSETargetErrorCode, message: string, status?: number, retryAfterMs?: number, cause?: unknown) {
    super(code, message, { cause });
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}
