import { expect, it, vi } from "vitest";
import { createDelivery } from "../../src/client/delivery.ts";

it("keeps nothing of types that nobody listens to, however many the server names", () => {
  const set = vi.spyOn(Map.prototype, "set");
  const delivery = createDelivery(
    () => {},
    () => {},
  );
  delivery.begin("");
  let heard = 0;
  delivery.listeners("type-7").set(() => void heard++, false);
  const { length } = set.mock.calls;
  for (let n = 0; n < 100; n++) {
    delivery.push([{ type: `type-${n}`, id: n, lastEventId: String(n), data: {} }], String(n));
  }
  expect(heard).toBe(1);
  expect(set.mock.calls.slice(length).filter(([key]) => String(key).startsWith("type-"))).toEqual([]);
  set.mockRestore();
});
