/** What `element` can set; set everything else on the element it returns. */
export interface ElementOptions {
  readonly class?: string;
  /** Set as text, never as markup: names and messages are untrusted. */
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly onClick?: (event: MouseEvent) => void;
}

/** Makes an HTML element with its children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: ElementOptions = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (options.class !== undefined) made.className = options.class;
  if (options.text !== undefined) made.textContent = options.text;
  for (const [name, value] of Object.entries(options.attributes ?? {})) made.setAttribute(name, value);
  if (options.onClick) made.addEventListener("click", options.onClick as EventListener);
  made.append(...children);
  return made;
}

/** Makes a button; `type="button"` so that it never submits a form. */
export function button(options: ElementOptions, ...children: readonly (Node | string)[]): HTMLButtonElement {
  const made = element("button", options, ...children);
  made.type = "button";
  return made;
}

const svgNamespace = "http://www.w3.org/2000/svg";

/** Makes an icon from the sprite in index.html. Screen readers skip it and read the text next to it. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(svgNamespace, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(svgNamespace, "use"));
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg: SVGSVGElement, name: string): void {
  const use = svg.firstElementChild;
  const href = `#${name}`;
  if (use && use.getAttribute("href") !== href) {
    use.setAttribute("href", href);
    svg.dataset["icon"] = name;
  }
}
