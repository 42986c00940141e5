import { useCallback, useState } from "react";

/** Something that a button does: whether it is at it, and whether it went wrong. */
export interface Action {
  readonly run: () => void;
  readonly isRunning: boolean;
  readonly hasFailed: boolean;
}

/** Runs the work at most once at a time. */
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
