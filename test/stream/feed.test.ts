import { MemoryEventStore } from "ssetarget";
import type { EventBounds } from "ssetarget/store";
import { describe, expect, it, vi } from "vitest";
import { Feed } from "../../src/stream/feed.ts";
import { TurnQueue } from "../../src/stream/turn-queue.ts";

const OPTIONS = {
  startAt: "beginning" as const,
  maxWindowEvents: 10,
  maxWindowBytes: 1_000,
  storeTimeoutMs: null,
  onError: () => {},
};

/** A memory store whose bounds are told when the test says so. */
class HeldStore extends MemoryEventStore<{ type: string }> {
  readonly held: (() => void)[] = [];
  override async bounds(): Promise<EventBounds> {
    await new Promise<void>((resolve) => this.held.push(resolve));
    return super.bounds();
  }
}

describe("a feed that is stopped while it is being opened", () => {
  it("does not take the next opening with it when the first one fails late", async () => {
    const store = new HeldStore();
    const feed = new Feed("s", store, OPTIONS, new TurnQueue());
    const first = feed.open();
    await vi.waitUntil(() => store.held.length === 1);
    feed.stop();
    const second = feed.open();
    await vi.waitUntil(() => store.held.length === 2);
    store.held[0]?.();
    await expect(first).rejects.toMatchObject({ code: "closed" });
    store.held[1]?.();
    await second;
    expect(feed.join({ isLive: false, deliver: () => {}, reconnect: () => {} })).toBe(true);
  });
});
