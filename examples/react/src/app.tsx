import { useEffect, useState } from "react";
import { BasketPage } from "./basket-page.tsx";
import { HouseIcon } from "./icons.tsx";
import { OrderPage } from "./order-page.tsx";

/** The shop: the basket at `/`, an order at `/orders/<id>`. */
export function App() {
  const [path, setPath] = useState(window.location.pathname);
  useEffect(() => {
    const onChange = () => setPath(window.location.pathname);
    window.addEventListener("popstate", onChange);
    return () => window.removeEventListener("popstate", onChange);
  }, []);
  const go = (to: string) => {
    window.history.pushState(null, "", to);
    window.scrollTo(0, 0);
    setPath(to);
  };
  const id = /^\/orders\/([\w-]+)$/.exec(path)?.[1];
  return (
    <>
      <header className="masthead">
        <a
          className="brand"
          href="/"
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            go("/");
          }}
        >
          <HouseIcon />
          Hearth &amp; Hall
        </a>
        {id !== undefined && <span className="order-number">Order {id.slice(0, 8).toUpperCase()}</span>}
      </header>
      {id === undefined ? <BasketPage go={go} /> : <OrderPage key={id} id={id} go={go} />}
    </>
  );
}
