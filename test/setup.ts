import { vi } from "vitest";

/** Patience of `vi.waitFor` and `vi.waitUntil`. Vitest gives up after one second, which a busy machine takes for a start of a process. */
const PATIENCE_MS = 25_000;

const { waitFor, waitUntil } = vi;

vi.waitFor = (callback, options) => waitFor(callback, patient(options));
vi.waitUntil = (callback, options) => waitUntil(callback, patient(options));

function patient<T extends object>(options: number | T | undefined): number | (T & { timeout?: number }) {
  if (typeof options === "number") return options;
  return { timeout: PATIENCE_MS, ...(options as T) };
}
