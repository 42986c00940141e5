/** FNV-1a, 32 bits, over the bytes of the text's UTF-16. @see https://www.rfc-editor.org/rfc/rfc9923 */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * A second 32-bit hash, of MurmurHash3's construction over UTF-16 code units, whose collisions have nothing to do with FNV's.
 * @see https://github.com/aappleby/smhasher/wiki/MurmurHash3
 */
function mix32(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = Math.imul(text.charCodeAt(index), 0xcc9e2d51);
    hash ^= Math.imul((unit << 15) | (unit >>> 17), 0x1b873593);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= text.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Eight hex digits. */
export function toHex32(hash: number): string {
  return hash.toString(16).padStart(8, "0");
}

/** Sixteen hex digits of both: a name for a text that cannot be shown. Not made to withstand an attacker. */
export function textHash(text: string): string {
  return toHex32(fnv1a32(text)) + toHex32(mix32(text));
}
