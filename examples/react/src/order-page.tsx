import { useCallback, useMemo } from "react";
import { type Trace, useTrace } from "ssetarget/react";
import { APPROVAL, approve, streamPath } from "./api.ts";
import { BasketCard } from "./basket-card.tsx";
import { type Order, toOrder } from "./order.ts";
import { Parcel } from "./parcel.tsx";
import { StageList } from "./stage-list.tsx";
import { useAction } from "./use-action.ts";

interface OrderPageProps {
  readonly id: string;
  readonly go: (path: string) => void;
}

/** An order, live: shows each step as it happens. */
export function OrderPage({ id, go }: OrderPageProps) {
  const trace = useTrace(streamPath(id));
  const order = useMemo(() => toOrder({ roots: trace.roots }), [trace.roots]);
  if (trace.state.status === "failed" && trace.roots.length === 0) return <UnknownOrder go={go} />;
  return (
    <main className="page">
      <title>{`${order.headline} · Hearth & Hall`}</title>
      <Connection trace={trace} />
      <div className="columns">
        <section className="card hero" data-order={order.state}>
          <Parcel order={order} />
          <div className="hero-text" role="status">
            <h1>{order.headline}</h1>
            <p className="lead">{order.text}</p>
          </div>
          <NextStep order={order} id={id} go={go} />
          <StageList stages={order.stages} />
        </section>
        <BasketCard packedCount={order.packedCount} />
      </div>
    </main>
  );
}

/** Actions and facts next to the stages. */
function NextStep({ order, id, go }: { readonly order: Order } & OrderPageProps) {
  const approval = useAction(useCallback(() => approve(id), [id]));
  if (order.state === "failed") {
    return (
      <div className="next">
        <button type="button" className="button primary" onClick={() => go("/")}>
          {order.isUnpaid ? "Back to your basket" : "Back to the shop"}
        </button>
        {order.reason !== undefined && <p className="fine">Details: {order.reason}</p>}
      </div>
    );
  }
  if (order.trackingNumber !== undefined) {
    return (
      <p className="next tracking">
        Tracking number <strong>{order.trackingNumber}</strong>
      </p>
    );
  }
  // The button sends one known event; an order that waits for another one gets no button.
  if (order.waitsFor !== APPROVAL) return null;
  return (
    <div className="next">
      <button type="button" className="button primary" disabled={approval.isRunning} onClick={approval.run}>
        The parcel is fine
      </button>
      <p className="fine" role="status">
        {approval.hasFailed ? "Something went wrong. Please try again." : "In this demo, the warehouse is you."}
      </p>
    </div>
  );
}

/** Renders nothing while the connection works. */
function Connection({ trace }: { readonly trace: Trace }) {
  const { status, attempt } = trace.state;
  // A page that returns from the background also reconnects, but nothing was lost.
  if (attempt > 0) {
    return (
      <p className="banner" role="status">
        We have lost touch with our server for a moment. Your order continues, and this page will catch up.
      </p>
    );
  }
  if (status !== "failed") return null;
  return (
    <p className="banner" role="alert">
      This page no longer receives updates.{" "}
      <button type="button" className="link" onClick={trace.reconnect}>
        Try again
      </button>
    </p>
  );
}

function UnknownOrder({ go }: { readonly go: (path: string) => void }) {
  return (
    <main className="page narrow">
      <title>Order not found · Hearth &amp; Hall</title>
      <h1>We cannot find this order</h1>
      <p className="lead">It may be too old, or its number may be incomplete.</p>
      <button type="button" className="button primary" onClick={() => go("/")}>
        Back to the shop
      </button>
    </main>
  );
}
