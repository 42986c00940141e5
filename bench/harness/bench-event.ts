/** The event that every server sends: 300 bytes of JSON, whatever its numbers are. */
export interface BenchEvent {
  readonly type: "bench";
  /** 1, 2, 3 … within its stream; what the load client checks. */
  readonly n: number;
  /** CLOCK_MONOTONIC of the dispatch, in nanoseconds; what the load client measures latency from. */
  readonly t: number;
  readonly text: string;
}

/** The JSON without `type`, which stands in `event:`. */
export const DATA_BYTES = 300;

const FIXED_BYTES = '{"n":,"t":,"text":""}'.length;
const PADDING = "a step of a workflow has ended and says so; ".repeat(8);

/** The event number `n`, dispatched now. */
export function makeEvent(n: number): BenchEvent {
  const t = Number(process.hrtime.bigint());
  const digits = String(n).length + String(t).length;
  return { type: "bench", n, t, text: PADDING.slice(0, DATA_BYTES - FIXED_BYTES - digits) };
}

/** What stands in `data:`. */
export function dataText({ n, t, text }: BenchEvent): string {
  return JSON.stringify({ n, t, text });
}

/** The event as `text/event-stream`: what the servers without a library send. */
export function frameText(event: BenchEvent): string {
  return `id: ${event.n}\nevent: bench\ndata: ${dataText(event)}\n\n`;
}

/** The text as one chunk of HTTP/1.1's chunked coding, in the buffer that all connections share. */
export function chunk(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}
