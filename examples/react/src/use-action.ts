import { useCallback, useState } from "react";

/** State of a button's action: whether it is running and whether it failed. */
export interface Action {
  readonly run: () => void;
  readonly isRunning: boolean;
  readonly hasFailed: boolean;
}

/** Runs the action, at most once at a time. */
export function useAction(work: () => Promise<void>): Action {
  const [state, setState] = useState<"idle" | "running" | "failed">("idle");
  const run = useCallback(() => {
    setState("running");
    work().then(
      () => setState("idle"),
      () => setState("failed"),
    );
  }, [work]);
  return { run, isRunning: state === "running", hasFailed: state === "failed" };
}
