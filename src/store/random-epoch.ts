const ALPHABET = "0123456789abcdefghijkmnpqrstuvwxyz";

/** A new epoch: 8 characters, about 40 random bits, short because it stands in every `id:` line. */
export function randomEpoch(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}
