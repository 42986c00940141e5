import { within } from "../util/timers.ts";
import { SSETargetError, type ErrorListener } from "../util/errors.ts";
import { textHash } from "../util/text-hash.ts";
import { isSendable, type CursorStorage, type ResolvedOptions, type StorageName } from "./connect-options.ts";

/** A cursor is written at most so often, and a storage is waited for at most twice as long. */
const INTERVAL_MS = 1_000;

/**
 * A cursor in a storage that outlives the page. It never runs ahead of what the application is done with; it may lag behind, where
 * a page ends without a word. A storage that fails or hangs is as good as none.
 */
export interface KeptCursor {
  /** The cursor that was kept. */
  readonly load: () => Promise<string | undefined>;
  readonly keep: (cursor: string) => void;
  /** Writes at once what waits to be written. */
  readonly flush: () => void;
}

export function keepCursor(
  given: CursorStorage | StorageName,
  { url, maxCursorBytes }: ResolvedOptions,
  onError: ErrorListener,
): KeptCursor {
  // A hash, because what is stored stays, other scripts of the origin can read it, and a URL may hold a secret.
  const key = `ssetarget:${textHash(url)}`;
  let storage: CursorStorage | null | undefined;
  /** What is still to be written. */
  let unwritten: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hasFailed = false;

  function stopTimer(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  async function flush(): Promise<void> {
    stopTimer();
    const cursor = unwritten;
    unwritten = undefined;
    try {
      if (cursor) await storage?.setItem(key, cursor);
      else if (cursor === "") await storage?.removeItem(key);
      hasFailed = false;
    } catch (error) {
      // A full storage fails once a second.
      if (!hasFailed) onError(error);
      hasFailed = true;
    }
  }

  return {
    async load() {
      try {
        storage = typeof given === "string" ? globalThis[given] : given;
        const asked = (async () => storage?.getItem(key))();
        const found = await within(asked, 2 * INTERVAL_MS, () => undefined);
        if (!found) return undefined;
        if (isSendable(found, maxCursorBytes)) return found;
        throw new SSETargetError(
          "invalid-option",
          "what `storage` holds is no cursor that can be sent, within `maxCursorBytes`; it counts as none",
        );
      } catch (error) {
        onError(error);
        return undefined;
      }
    },
    keep(cursor) {
      unwritten = cursor;
      timer ??= setTimeout(() => void flush(), INTERVAL_MS);
    },
    flush: () => void flush(),
  };
}
