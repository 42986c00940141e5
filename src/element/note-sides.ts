/** Where the note of a row stands: beside its bar, or beside its name. */
export type NoteSide = "after" | "before" | "label";

/** A note that is cut takes this share of the timeline at the least. */
const MIN_SHARE = 0.28;
const PADDING_PX = 16;
/** How wide characters are on average, in shares of their height. */
const NARROW_EM = 0.58;
const WIDE_EM = 1;
const FIRST_WIDE = 0x2e_80;

/** What is known of a row's bar and of its note. */
export interface NotePlace {
  readonly text: string;
  /** Where the bar begins and ends in the timeline, from 0 to 1. */
  readonly start: number;
  readonly end: number;
  /** It grows, and what is beside its end is not free for long. */
  readonly isGrowing: boolean;
  readonly timelinePx: number;
  readonly fontPx: number;
}

/** Which side each note is on. It stays there for as long as it has room: a note that jumps cannot be read. */
export class NoteSides {
  #before = new Map<string, NoteSide>();
  #sides = new Map<string, NoteSide>();

  /** A frame begins: what is not asked for in it is forgotten with the next. */
  next(): void {
    this.#before = this.#sides;
    this.#sides = new Map();
  }

  of(key: string, place: NotePlace): NoteSide {
    const side = chooseSide(place, this.#before.get(key));
    this.#sides.set(key, side);
    return side;
  }
}

function chooseSide(
  { text, start, end, isGrowing, timelinePx, fontPx }: NotePlace,
  before: NoteSide | undefined,
): NoteSide {
  const wanted = (textEm(text) * fontPx + PADDING_PX) / Math.max(1, timelinePx);
  const room = { after: isGrowing ? 0 : 1 - end, before: start, label: 0 };
  if (before !== undefined && room[before] >= wanted) return before;
  if (room.after >= wanted) return "after";
  if (room.before >= wanted) return "before";
  // It will be cut wherever it is.
  if (before !== undefined && room[before] >= MIN_SHARE) return before;
  const larger = room.after >= room.before ? "after" : "before";
  return room[larger] >= MIN_SHARE ? larger : "label";
}

function textEm(text: string): number {
  let em = 0;
  for (let index = 0; index < text.length; index++) em += text.charCodeAt(index) < FIRST_WIDE ? NARROW_EM : WIDE_EM;
  return em;
}
