import { element } from "./dom.ts";

const svgNamespace = "http://www.w3.org/2000/svg";

/** The top bar of all pages. */
export function topBar(...children: readonly Node[]): HTMLElement {
  const logo = document.createElementNS(svgNamespace, "svg");
  logo.setAttribute("class", "logo");
  logo.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(svgNamespace, "use");
  use.setAttribute("href", "#logo");
  logo.append(use);
  const home = element(
    "a",
    { class: "brand", attributes: { href: "/" } },
    logo,
    element("span", { text: "ssetarget" }),
  );
  return element("header", { class: "top-bar" }, home, ...children);
}
