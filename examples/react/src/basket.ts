/** One item in the basket. */
export interface Item {
  readonly name: string;
  readonly icon: IconName;
  readonly cents: number;
}

export type IconName = "lamp" | "chairs" | "rug" | "glasses" | "vase" | "clock" | "mirror" | "plant";

/** The items of the demo's purchase, in packing order. */
export const BASKET: readonly Item[] = [
  { name: "Reading lamp", icon: "lamp", cents: 4_900 },
  { name: "Oak chairs, two", icon: "chairs", cents: 15_800 },
  { name: "Woven rug", icon: "rug", cents: 7_900 },
  { name: "Glasses, six", icon: "glasses", cents: 2_400 },
  { name: "Stoneware vase", icon: "vase", cents: 1_850 },
  { name: "Wall clock", icon: "clock", cents: 3_200 },
  { name: "Round mirror", icon: "mirror", cents: 4_100 },
  { name: "Rubber plant", icon: "plant", cents: 1_100 },
];

const EURO = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });

export function price(cents: number): string {
  return EURO.format(cents / 100);
}

export const TOTAL = price(BASKET.reduce((sum, { cents }) => sum + cents, 0));
