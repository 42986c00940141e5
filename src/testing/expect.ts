import { SSETargetError, type SSETargetErrorCode } from "../util/errors.ts";
import type { StoredEvent } from "../event/event.ts";
import type { EventFollower } from "../store/event-store.ts";
import { ConformanceError, type KitEvent } from "./conformance-case.ts";

/** How long the kit waits for something that has to come, in milliseconds. Nothing is measured with it. */
const PATIENCE_MS = 15_000;

export function expectTrue(value: boolean, what: string): void {
  if (!value) throw new ConformanceError(what);
}

/** Both as JSON has them, whatever the order of their fields. */
export function expectEqual(seen: unknown, expected: unknown, what: string): void {
  const [a, b] = [canonical(seen), canonical(expected)];
  if (a !== b) throw new ConformanceError(`${what}: expected ${shorten(b)}, got ${shorten(a)}`);
}

/** The call must be refused with this code. */
export async function expectRefusal(
  call: () => Promise<unknown>,
  code: SSETargetErrorCode,
  what: string,
): Promise<void> {
  let answer: unknown;
  try {
    answer = await call();
  } catch (error) {
    if (error instanceof SSETargetError && error.code === code) return;
    // Another copy of the library, or a store in another process, has another class with the same code.
    if ((error as { code?: unknown } | null)?.code === code) return;
    throw new ConformanceError(`${what}: expected a refusal with the code \`${code}\`, got ${String(error)}`, {
      cause: error,
    });
  }
  throw new ConformanceError(
    `${what}: expected a refusal with the code \`${code}\`, but it answered ${shorten(canonical(answer))}`,
  );
}

/** Waits until it is so. */
export async function eventually(isSo: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new ConformanceError(`${what()} (waited ${PATIENCE_MS / 1000} s)`);
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
}

/** Ids must rise, one after the other. */
export function expectRising(events: readonly StoredEvent<KitEvent>[], what: string): void {
  let last = 0;
  for (const { id } of events) {
    if (!Number.isSafeInteger(id) || id <= last) throw new ConformanceError(`${what}: id ${id} follows ${last}`);
    last = id;
  }
}

/** Follows a store and remembers what it was told. */
export class Recorder implements EventFollower<KitEvent> {
  readonly events: StoredEvent<KitEvent>[] = [];
  readonly epochs = new Set<string>();
  interruptions = 0;

  onEvents(events: readonly StoredEvent<KitEvent>[], epoch?: string): void {
    this.events.push(...events);
    if (epoch !== undefined) this.epochs.add(epoch);
  }

  onInterrupted(): void {
    this.interruptions++;
  }

  get ids(): readonly number[] {
    return this.events.map(({ id }) => id);
  }

  /** Waits until it was told this many events, and fails if it was told more. */
  async hears(count: number, what: string): Promise<void> {
    await eventually(
      () => this.events.length >= count,
      () => `${what}: a follower heard ${this.events.length} of ${count} events`,
    );
    expectEqual(this.events.length, count, `${what}: events heard`);
  }
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, each: unknown) =>
      typeof each === "object" && each !== null && !Array.isArray(each)
        ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : each,
    ) ?? "undefined"
  );
}

function shorten(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text;
}
