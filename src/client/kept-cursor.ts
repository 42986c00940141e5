import type { ErrorListener } from "../errors.ts";
import type { CursorStorage, StorageName } from "./connect-options.ts";

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

export function keepCursor(given: CursorStorage | StorageName, url: string, onError: ErrorListener): KeptCursor {
  const key = `ssetarget:${url}`;
  let storage: CursorStorage | null | undefined;
  /** What is still to be written. */
  let unwritten: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

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
    } catch (error) {
      onError(error);
    }
  }

  return {
    async load() {
      try {
        storage = typeof given === "string" ? globalThis[given] : given;
        const hanging = new Promise<void>((resolve) => {
          timer = setTimeout(resolve, 2 * INTERVAL_MS);
        });
        const found = await Promise.race([storage?.getItem(key), hanging]);
        // With a line break it could never be sent.
        return typeof found === "string" && /^[^\0\r\n]+$/.test(found) ? found : undefined;
      } catch (error) {
        onError(error);
        return undefined;
      } finally {
        stopTimer();
      }
    },
    keep(cursor) {
      unwritten = cursor;
      timer ??= setTimeout(() => void flush(), INTERVAL_MS);
    },
    flush: () => void flush(),
  };
}
