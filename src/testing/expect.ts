import { SSETargetError, type SSETargetErrorCode } from "../util/errors.ts";
import type { StoredEvent } from "../event/event.ts";
import type { EventLog } from "../store/event-log.ts";
import { ConformanceError, type KitEvent } from "./conformance-case.ts";

/** How long the kit waits for something that must happen, in milliseconds. It measures nothing. */
const PATIENCE_MS = 15_000;

/** Appends one event. */
export async function put(log: EventLog<KitEvent>, event: KitEvent): Promise<StoredEvent<KitEvent>> {
  const stored = await log.append([event]);
  expectEqual(stored.length, 1, "events returned for one that was appended");
  return stored[0] as StoredEvent<KitEvent>;
}

/** Reads everything after an id, in pages. */
export async function readAfter(log: EventLog<KitEvent>, afterId: number): Promise<readonly StoredEvent<KitEvent>[]> {
  const events: StoredEvent<KitEvent>[] = [];
  for (let cursor = afterId; ;) {
    const page = await log.read(cursor, { maxEvents: 100, maxBytes: 1024 * 1024 });
    const last = page.at(-1);
    if (last === undefined) return events;
    if (last.id <= cursor) throw new ConformanceError(`a page after ${cursor} ends with ${last.id}`);
    events.push(...page);
    cursor = last.id;
  }
}

export function expectTrue(value: boolean, what: string): void {
  if (!value) throw new ConformanceError(what);
}

/** Compares both as JSON, in any order of fields. */
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
    // Another copy of the library, or a store in another process, throws another class with the same code.
    if ((error as { code?: unknown } | null)?.code === code) return;
    throw new ConformanceError(`${what}: expected a refusal with the code \`${code}\`, got ${String(error)}`, {
      cause: error,
    });
  }
  throw new ConformanceError(
    `${what}: expected a refusal with the code \`${code}\`, but it answered ${shorten(canonical(answer))}`,
  );
}

/** Waits until the condition holds. */
export async function eventually(isSo: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new ConformanceError(`${what()} (waited ${PATIENCE_MS / 1000} s)`);
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
}

/** Ids must be strictly increasing. */
export function expectRising(events: readonly StoredEvent<KitEvent>[], what: string): void {
  let last = 0;
  for (const { id } of events) {
    if (!Number.isSafeInteger(id) || id <= last) throw new ConformanceError(`${what}: id ${id} follows ${last}`);
    last = id;
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
