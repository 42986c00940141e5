import type { ReactNode } from "react";
import type { IconName } from "./basket.ts";

function Icon({ size = 24, children }: { readonly size?: number; readonly children: ReactNode }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" className="icon" aria-hidden="true">
      {children}
    </svg>
  );
}

const ITEMS: Readonly<Record<IconName, string>> = {
  lamp: "M8 4h8l2.5 7h-13zM12 11v8.5M8 20h8M15.5 11v3",
  chairs: "M7 4l1.2 9H17M8.2 13 7 20.5M16.4 13l1.1 7.5M7.6 17h9.3",
  rug: "M4 7h16v10H4zM7.5 10h9v4h-9zM4 7V5M8 7V5M12 7V5M16 7V5M20 7V5M4 17v2M8 17v2M12 17v2M16 17v2M20 17v2",
  glasses: "M6 4h12l-1.4 16H7.4zM6.7 12h10.6",
  vase: "M10 3.5h4M10.5 3.5c.3 3-3.5 4.5-3.5 9.5 0 3.6 2 7.5 5 7.500s5-3.9 5-7.500c0-5-3.8-6.5-3.5-9.500M7.2 14h9.6",
  clock: "M12 3.500a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM12 7.500V12l3 2",
  mirror: "M12 3.500a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM9 9.500l3-2.500M9 20.500h6M12 17.500v3",
  plant:
    "M8 15h8l-1 5.500H9zM12 15V8M12 10C8 10 6.5 7.5 6.5 4.5 10 4.5 12 6.5 12 10zM12 12c0-3 2-5 5.5-5 0 3-1.5 5-5.5 5z",
};

export function ItemIcon({ name }: { readonly name: IconName }) {
  return (
    <Icon>
      <path d={ITEMS[name]} />
    </Icon>
  );
}

export function CheckIcon() {
  return (
    <Icon size={16}>
      <path d="m5.5 12.5 4.2 4.2 8.8-9.4" className="heavy" />
    </Icon>
  );
}

export function CrossIcon() {
  return (
    <Icon size={16}>
      <path d="m7 7 10 10m0-10L7 17" className="heavy" />
    </Icon>
  );
}

export function PauseIcon() {
  return (
    <Icon size={16}>
      <path d="M8.5 7v10m7-10v10" className="heavy" />
    </Icon>
  );
}

export function HouseIcon() {
  return (
    <Icon size={26}>
      <path d="M3.5 12 12 5l8.5 7M6 10.500V20h12v-9.500M12 20v-4.5" className="heavy" />
    </Icon>
  );
}
