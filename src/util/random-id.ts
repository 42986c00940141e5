const ALPHABET = "0123456789abcdefghijkmnpqrstuvwxyz";

/** A random name of 8 characters, about 40 bits: an epoch, for one, which is short because every `id:` line has it. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}
