import { vi } from "vitest";

/** How long something may take that has to come: long, for the machine may be busy, and shorter than a test may take. */
const PATIENCE_MS = 40_000;

/** Waits until it is so, and fails in words where it does not become so. Better than this is an event to wait for, or an `expect` in `vi.waitFor`. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string | (() => string) = "it is so",
  patienceMs = PATIENCE_MS,
): Promise<void> {
  try {
    await vi.waitUntil(isSo, { timeout: patienceMs, interval: 5 });
  } catch (error) {
    const waited = typeof what === "string" ? what : what();
    throw new Error(`waited up to ${patienceMs / 1000} s in vain until ${waited}`, { cause: error });
  }
}
