import { useCallback } from "react";
import { placeOrder } from "./api.ts";
import { BasketCard } from "./basket-card.tsx";
import { TOTAL } from "./basket.ts";
import { useAction } from "./use-action.ts";

/** The basket and its order button. */
export function BasketPage({ go }: { readonly go: (path: string) => void }) {
  const order = useAction(useCallback(async () => go(`/orders/${await placeOrder()}`), [go]));
  return (
    <main className="page narrow">
      <title>Your basket · Hearth &amp; Hall</title>
      <h1>Your basket</h1>
      <p className="lead">Eight good things for one room. Order them, and watch your order move.</p>
      <BasketCard packedCount={0} />
      <button type="button" className="button primary wide" disabled={order.isRunning} onClick={order.run}>
        {order.isRunning ? "Placing your order…" : `Order and pay ${TOTAL}`}
      </button>
      <p className="fine" role="status">
        {order.hasFailed ? "Something went wrong. Please try again." : "A demo: nothing is charged or sent."}
      </p>
    </main>
  );
}
