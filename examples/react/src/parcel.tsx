import type { Order } from "./order.ts";

/** A picture of the parcel: it fills, is closed, and drives off, like the text next to it says. */
export function Parcel({ order }: { readonly order: Order }) {
  const stages = order.stages.filter(({ state }) => state === "done").length;
  const packing = order.stages.find(({ id }) => id === "packing");
  const fill = packing?.state === "done" ? 1 : (packing?.fraction ?? 0);
  const isClosed = order.stages.some(({ id, state }) => id === "check" && state === "done");
  return (
    <svg
      className="parcel"
      viewBox="0 0 200 150"
      aria-hidden="true"
      data-state={order.state}
      data-closed={isClosed}
      data-moving={stages >= order.stages.length}
    >
      <ellipse className="shadow" cx="100" cy="136" rx="66" ry="7" />
      <g className="box">
        <path className="inside" d="M42 58h116v16H42z" />
        <g className="content" style={{ transform: `translateY(${(1 - fill) * 44}px)` }}>
          <path className="thing lamp-shade" d="M62 24h26l8 34H54z" />
          <circle className="thing ball" cx="124" cy="44" r="18" />
          <path className="thing leaf" d="M98 60c-4-18 0-30 10-40 6 14 4 28-2 40z" />
        </g>
        <path className="front" d="M42 66h116v60a6 6 0 0 1-6 6H48a6 6 0 0 1-6-6z" />
        <path className="tape" d="M90 66h20v26H90z" />
        <path className="label" d="M120 100h28v20h-28zM124 106h14M124 111h18" />
        <path className="flap left" d="M42 66 26 50h56l18 16z" />
        <path className="flap right" d="M158 66l16-16h-56l-18 16z" />
      </g>
    </svg>
  );
}
