/**
 * What a page goes through that timers and the network do not tell, until the signal is aborted. Nothing where there is no page.
 *
 * @param onWake somebody looks again, the network is back: a good moment to check
 * @param onSleep the page is about to be frozen, put into the back/forward cache, or thrown away
 * @see https://wicg.github.io/page-lifecycle/
 */
export function followPageLife(onWake: () => void, onSleep: () => void, signal: AbortSignal): void {
  const listeners = {
    online: onWake,
    pageshow: onWake,
    resume: onWake,
    // A page that is left is hidden after it has gone.
    visibilitychange: () => document.hidden || onWake(),
    pagehide: onSleep,
    freeze: onSleep,
  };
  for (const [type, listener] of Object.entries(listeners)) {
    // Some of these are the document's, which pass the window on their way down. Not every runtime has events of its own.
    (globalThis as { addEventListener?: Window["addEventListener"] }).addEventListener?.(type, listener, {
      capture: true,
      signal,
    });
  }
}
