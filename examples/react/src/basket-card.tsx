import { BASKET, price, TOTAL } from "./basket.ts";
import { CheckIcon, ItemIcon } from "./icons.tsx";

/** The ordered items, each marked once it is in the parcel. */
export function BasketCard({ packedCount }: { readonly packedCount: number }) {
  return (
    <section className="card basket" aria-label="What you ordered">
      <ul>
        {BASKET.map(({ name, icon, cents }, index) => {
          const isPacked = index < packedCount;
          return (
            <li key={name} className={isPacked ? "is-packed" : undefined}>
              <span className="item-icon">
                <ItemIcon name={icon} />
                {isPacked && (
                  <span className="item-mark">
                    <CheckIcon />
                  </span>
                )}
              </span>
              <span className="item-name">
                {name}
                {isPacked && <span className="visually-hidden">, packed</span>}
              </span>
              <span className="item-price">{price(cents)}</span>
            </li>
          );
        })}
      </ul>
      <p className="total">
        <span>Total, with delivery</span>
        <span>{TOTAL}</span>
      </p>
    </section>
  );
}
