/** The first index of `0` up to `length` for which `isAtOrAfter` holds; it must hold for every later one too. */
export function firstIndex(length: number, isAtOrAfter: (index: number) => boolean): number {
  let from = 0;
  let to = length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (isAtOrAfter(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
