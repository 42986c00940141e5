/**
 * A piece of an event stream, made once and written to any number of connections: nobody may change or transfer it.
 *
 * It lies in memory with the framing of HTTP/1.1's chunked coding around it, so that a sink on a socket can write it
 * without making that framing again for each connection, which is what costs `http` the most.
 * @see https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding
 */
export interface SharedBytes {
  /** The stream's own bytes. */
  readonly bytes: Uint8Array;
  /** The same as one chunk: its length in hexadecimal, CRLF, the bytes, CRLF. Of no bytes there is no chunk: empty. */
  readonly chunked: Uint8Array;
}

const CR = 13;
const LF = 10;

/** Joins pieces into one. */
export function shareBytes(pieces: readonly Uint8Array[]): SharedBytes {
  let length = 0;
  for (const piece of pieces) length += piece.byteLength;
  // A chunk of length zero would end the response.
  if (length === 0) return NOTHING;
  const size = length.toString(16);
  const start = size.length + 2;
  const chunked = allocate(start + length + 2);
  for (let index = 0; index < size.length; index++) chunked[index] = size.charCodeAt(index);
  chunked[start - 2] = CR;
  chunked[start - 1] = LF;
  let offset = start;
  for (const piece of pieces) {
    chunked.set(piece, offset);
    offset += piece.byteLength;
  }
  chunked[offset] = CR;
  chunked[offset + 1] = LF;
  return { bytes: chunked.subarray(start, offset), chunked };
}

interface BufferClass {
  allocUnsafe(length: number): Uint8Array;
  from(text: string): Uint8Array;
}

/**
 * Node's `Buffer`, where there is one. Sockets take it as it is and wrap any other array anew for each connection; and
 * small ones are cut from a pool, where memory of its own for each event would cost more than all the rest of it.
 */
const buffers = (globalThis as { Buffer?: BufferClass }).Buffer;
const encoder = new TextEncoder();

/** The text in UTF-8. */
export function encodeText(text: string): Uint8Array {
  return buffers === undefined ? encoder.encode(text) : buffers.from(text);
}

function allocate(length: number): Uint8Array {
  return buffers === undefined ? new Uint8Array(length) : buffers.allocUnsafe(length);
}

const NOTHING: SharedBytes = { bytes: new Uint8Array(0), chunked: new Uint8Array(0) };
