import type { ErrorListener } from "../util/errors.ts";
import type { ReceivedEvent } from "./client-event.ts";

type Listener = (event: ReceivedEvent) => void;

/** Where a loop waits for an event; undefined while it is busy with one. */
type Waiter =
  | readonly [resolve: (event: ReceivedEvent | undefined) => void, reject: (error: unknown) => void]
  | undefined;

/** Beyond this many a source that cannot be paused is left until what waits has been handed over. */
const MAX_WAITING = 1_000;

/** Hands events to listeners and loops, in order, each when every loop has asked for it. */
export interface Delivery {
  /** The cursor of the event that was handed over last. */
  readonly lastEventId: () => string;
  readonly isFull: () => boolean;
  /** The listeners for a type, and whether each is removed after its first call. */
  readonly listeners: (type: string) => Map<Listener, boolean>;
  /** Hands these over when it is their turn; with an empty list the cursor moves alone. */
  readonly push: (events: readonly ReceivedEvent[] | undefined, cursor: string) => void;
  /** Resolves when everything has been handed over; undefined where it has. */
  readonly drained: () => Promise<void> | undefined;
  /** Something may follow, after this cursor. */
  readonly begin: (cursor: string) => void;
  /** Nothing will follow, and what waits is dropped. Loops end, by throwing the error where there is one. */
  readonly end: (error: unknown) => void;
  readonly loop: () => AsyncGenerator<ReceivedEvent, void, void>;
}

/** @param onDone called with the cursor of an event that everybody is done with */
export function createDelivery(onDone: (cursor: string) => void, onThrow: ErrorListener): Delivery {
  const listeners = new Map<string, Map<Listener, boolean>>();
  const loops = new Map<object, Waiter>();
  /** Events with their cursors, and moves of the cursor alone. */
  const waiting: (readonly [ReceivedEvent | undefined, string])[] = [];
  const onDrained: (() => void)[] = [];
  let lastEventId = "";
  let doneId = "";
  let isPumping = false;
  let isOver = false;
  let overError: unknown;

  function listenersOf(type: string): Map<Listener, boolean> {
    let found = listeners.get(type);
    if (!found) listeners.set(type, (found = new Map()));
    return found;
  }

  function pump(): void {
    if (isPumping) return;
    isPumping = true;
    while ([...loops.values()].every(Boolean)) {
      if (lastEventId !== doneId) onDone((doneId = lastEventId));
      const entry = waiting.shift();
      if (!entry) {
        for (const resolve of onDrained.splice(0)) resolve();
        break;
      }
      const [event] = entry;
      lastEventId = entry[1];
      if (event) hand(event);
    }
    isPumping = false;
  }

  function hand(event: ReceivedEvent): void {
    // Looked up only: the server chooses the types, and could name endlessly many.
    const found = [event.type, "*"].flatMap((type) => listeners.get(type) ?? []);
    const called = found.flatMap((ofType) => [...ofType.keys()]);
    for (const ofType of found) for (const [listener, once] of ofType) if (once) ofType.delete(listener);
    callAll(called, event, onThrow);
    for (const [loop, waiter] of loops) {
      loops.set(loop, undefined);
      waiter?.[0](event);
    }
  }

  function settle(waiter: Waiter): void {
    if (overError === undefined) waiter?.[0](undefined);
    else waiter?.[1](overError);
  }

  return {
    lastEventId: () => lastEventId,
    isFull: () => waiting.length >= MAX_WAITING,
    listeners: listenersOf,
    push(events, cursor) {
      if (isOver || !events) return;
      for (const event of events[0] ? events : [undefined]) waiting.push([event, cursor]);
      pump();
    },
    drained: () => waiting[0] && new Promise<void>((resolve) => onDrained.push(resolve)),
    begin(cursor) {
      isOver = false;
      lastEventId = doneId = cursor;
    },
    end(error) {
      isOver = true;
      overError = error;
      waiting.length = 0;
      for (const waiter of loops.values()) settle(waiter);
      pump();
    },
    async *loop() {
      const loop = {};
      try {
        for (;;) {
          const event = await new Promise<ReceivedEvent | undefined>((...waiter) => {
            loops.set(loop, waiter);
            if (isOver) settle(waiter);
            else pump();
          });
          if (!event) return;
          yield event;
        }
      } finally {
        loops.delete(loop);
        pump();
      }
    },
  };
}

/**
 * Who hears of what listeners throw. Where nobody wants to, or who does throws in turn, it is reported as uncaught, as an
 * `EventTarget` does.
 */
export function throwTo(onError: ErrorListener | undefined): ErrorListener {
  return (error) => {
    try {
      if (!onError) throw error;
      onError(error);
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown;
      });
    }
  };
}

/** Calls all that there are at this moment, whatever one of them throws. */
export function callAll<T>(listeners: Iterable<(value: T) => void>, value: T, onThrow: ErrorListener): void {
  // oxlint-disable-next-line unicorn/no-useless-spread -- A listener may add others, and itself again.
  for (const listener of [...listeners]) {
    try {
      listener(value);
    } catch (error) {
      onThrow(error);
    }
  }
}
