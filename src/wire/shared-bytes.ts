/**
 * A piece of an event stream, made once and written to any number of connections: nobody may change or transfer it.
 *
 * It lies in memory with the framing of HTTP/1.1's chunked coding around it, so that a sink on a socket can write it
 * without making that framing again for each connection, which is what costs `http` the most.
 * @see https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding
 */
export class SharedBytes {
  /** The bytes as one chunk: their number in hexadecimal, CRLF, the bytes, CRLF. Of no bytes there is no chunk: empty. */
  readonly chunked: Uint8Array;
  #bytes: Uint8Array | undefined;

  constructor(chunked: Uint8Array) {
    this.chunked = chunked;
  }

  /** The stream's own bytes. Made when first asked for: a socket never does. */
  get bytes(): Uint8Array {
    this.#bytes ??= this.chunked.subarray(START, Math.max(START, this.chunked.byteLength - 2));
    return this.#bytes;
  }

  get byteLength(): number {
    return Math.max(0, this.chunked.byteLength - START - 2);
  }
}

/** What is used of Node's `Buffer`. */
interface TextBuffer extends Uint8Array {
  write(text: string, offset: number): number;
}

interface BufferClass {
  allocUnsafe(length: number): TextBuffer;
  byteLength(text: string): number;
  from(text: string): Uint8Array;
}

/**
 * Node's `Buffer`, where there is one. Sockets take it as it is and wrap any other array anew for each connection; and
 * small ones are cut from a pool, where memory of its own for each event would cost more than all the rest of it.
 */
const buffers = (globalThis as { Buffer?: BufferClass }).Buffer;
const encoder = new TextEncoder();

/** Always as many digits, zeros in front, so that the length need not be known where the bytes begin. */
const SIZE_DIGITS = 8;
const START = SIZE_DIGITS + 2;
const CR = 13;
const LF = 10;

/** The text in UTF-8. */
export function encodeText(text: string): Uint8Array {
  return buffers === undefined ? encoder.encode(text) : buffers.from(text);
}

/** Makes a piece of text. */
export function shareText(text: string): SharedBytes {
  if (buffers === undefined) return shareBytes([encoder.encode(text)]);
  const length = buffers.byteLength(text);
  if (length === 0) return NOTHING;
  const chunked = buffers.allocUnsafe(START + length + 2);
  chunked.write(text, START);
  return frame(chunked, length);
}

/** Joins pieces into one. */
export function shareBytes(pieces: readonly Uint8Array[]): SharedBytes {
  let length = 0;
  for (const piece of pieces) length += piece.byteLength;
  // A chunk of length zero would end the response.
  if (length === 0) return NOTHING;
  const size = START + length + 2;
  const chunked = buffers === undefined ? new Uint8Array(size) : buffers.allocUnsafe(size);
  let offset = START;
  for (const piece of pieces) {
    chunked.set(piece, offset);
    offset += piece.byteLength;
  }
  return frame(chunked, length);
}

/** Puts the framing around the bytes that are there already. */
function frame(chunked: Uint8Array, length: number): SharedBytes {
  for (let index = SIZE_DIGITS - 1, rest = length; index >= 0; index--, rest >>>= 4) {
    const digit = rest & 15;
    chunked[index] = digit < 10 ? 48 + digit : 87 + digit;
  }
  chunked[START - 2] = CR;
  chunked[START - 1] = LF;
  chunked[START + length] = CR;
  chunked[START + length + 1] = LF;
  return new SharedBytes(chunked);
}

const NOTHING = new SharedBytes(new Uint8Array(0));
