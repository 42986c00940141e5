const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS = [
  [DAY, "day"],
  [HOUR, "hour"],
  [MINUTE, "minute"],
  [SECOND, "second"],
] as const;
/** The end of the time that a `Date` knows. */
const MAX_TIME_MS = 8.64e15;

/** No two moments are further apart. */
const MAX_DURATION_MS = 2 * MAX_TIME_MS;
/** Beyond it a number is shown by its first digits and its size. */
const MAX_WRITTEN_OUT = 1e15;
const UNKNOWN = "–";

/** Everything about numbers and times that depends on the language. */
export class Formats {
  readonly lang: string | undefined;
  readonly #formats = new Map<string, unknown>();

  /** @param lang - A BCP 47 tag; where it is none, or empty, the browser's language counts. */
  constructor(lang: string) {
    let known: string | undefined;
    try {
      [known] = Intl.getCanonicalLocales(lang);
    } catch {
      // A page may say `lang="en_US"`, which is no language.
    }
    this.lang = known;
  }

  /** A duration that stands still, as exact as is of use: `120ms`, `4.25s`, `3m 05s`, `2h 03m`. */
  duration(durationMs: number): string {
    const ms = bounded(durationMs);
    if (ms < SECOND) return this.#unit(Math.round(ms), "millisecond");
    return ms < 10 * SECOND ? this.#unit(ms / SECOND, "second", 2) : this.running(ms);
  }

  /** A duration that counts: one decimal, so that it moves calmly, and whole seconds where `coarse`. */
  running(durationMs: number, coarse = false): string {
    const ms = bounded(durationMs);
    // Truncated, not rounded: a clock never shows a time before it has come, nor "60.0s".
    if (ms < MINUTE) {
      return coarse
        ? this.#unit(Math.floor(ms / SECOND), "second")
        : this.#unit(Math.floor(ms / 100) / 10, "second", 1);
    }
    return this.#parts(ms, 2);
  }

  /** The time left until something, rounded up: a countdown ends when it shows nothing, not at "0s". */
  remaining(remainingMs: number): string {
    return this.running(Math.ceil(bounded(remainingMs) / SECOND) * SECOND, true);
  }

  /** A mark on a time axis: `0`, `500ms`, `2.5s`, `1m 30s`. */
  tick(ms: number): string {
    if (ms === 0) return this.count(0);
    if (ms < SECOND) return this.#unit(ms, "millisecond");
    if (ms < MINUTE) return this.#unit(ms / SECOND, "second");
    return this.#parts(ms);
  }

  /** The time of day of a moment, with its date where that is not today; or all of it, to the millisecond. */
  moment(timeMs: number, isExact = false): string {
    // What cannot be a date would throw.
    if (!(Math.abs(timeMs) <= MAX_TIME_MS)) return "";
    const isToday = new Date(timeMs).toDateString() === new Date().toDateString();
    const date = isToday && !isExact ? undefined : "numeric";
    return this.#format(Intl.DateTimeFormat, {
      year: date,
      month: date && "short",
      day: date,
      hour: "numeric",
      minute: "2-digit",
      second: "2-digit",
      fractionalSecondDigits: isExact ? 3 : undefined,
      timeZoneName: isExact ? "short" : undefined,
    }).format(timeMs);
  }

  count(value: number): string {
    const isShort = Math.abs(value) < MAX_WRITTEN_OUT;
    return this.#write(
      value,
      isShort ? { maximumFractionDigits: 2 } : { notation: "scientific", maximumSignificantDigits: 3 },
    );
  }

  percent(fraction: number): string {
    return this.#write(Math.min(1, Math.max(0, fraction)), { style: "percent" });
  }

  /** In days, hours, minutes and seconds: all that are not 0, or the first and a number of them. */
  #parts(ms: number, count?: number): string {
    if (Number.isNaN(ms)) return UNKNOWN;
    const parts: string[] = [];
    let rest = ms;
    for (const [size, unit] of UNITS) {
      const many = count === undefined && size === SECOND ? rest / size : Math.floor(rest / size);
      rest -= many * size;
      // What comes after the first is as wide whatever it is, so that a clock does not jump.
      const digits = count === undefined || parts.length === 0 ? 1 : 2;
      if (many > 0 || digits > 1) parts.push(this.#unit(many, unit, undefined, digits));
    }
    return parts.slice(0, count).join(" ");
  }

  #unit(value: number, unit: string, decimals?: number, minimumIntegerDigits = 1): string {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals, minimumIntegerDigits };
    return this.#write(value, { style: "unit", unit, unitDisplay: "narrow", ...digits });
  }

  #write(value: number, options: Intl.NumberFormatOptions): string {
    // -0 is no number that anybody writes.
    return Number.isFinite(value) ? this.#format(Intl.NumberFormat, options).format(value || 0) : UNKNOWN;
  }

  /** Making a format costs much more than using it. */
  #format<O, F>(Format: new (lang: string | undefined, options: O) => F, options: O): F {
    const key = JSON.stringify(options);
    const format = (this.#formats.get(key) as F | undefined) ?? new Format(this.lang, options);
    this.#formats.set(key, format);
    return format;
  }
}

/** Within what durations can be; NaN stays NaN. */
function bounded(durationMs: number): number {
  return Math.min(MAX_DURATION_MS, Math.max(0, durationMs));
}

/** The language that an element is in: that of the nearest ancestor with a `lang`, across shadow roots. */
export function languageOf(element: Element): string {
  for (let at: Element | undefined = element; at !== undefined;) {
    const found: HTMLElement | null = at.closest<HTMLElement>("[lang]");
    if (found !== null) return found.lang;
    const root: Node = at.getRootNode();
    at = root instanceof ShadowRoot ? root.host : undefined;
  }
  return "";
}
