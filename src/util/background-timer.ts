/** Calls back once, after `delayMs`. In Node the timer is no reason to keep the process alive. */
export function backgroundTimer(callback: () => void, delayMs: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(callback, delayMs);
  (timer as unknown as { unref?: () => void }).unref?.();
  return timer;
}
