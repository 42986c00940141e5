/** What `element` can set; everything else is done on the element that it returns. */
export interface ElementOptions {
  readonly class?: string;
  /** Always set as text, never as markup: names and messages come from outside. */
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

/** Makes a button; `type="button"` so that none ever submits anything. */
export function button(options: ElementOptions, ...children: readonly (Node | string)[]): HTMLButtonElement {
  const made = element("button", options, ...children);
  made.type = "button";
  return made;
}

const svgNamespace = "http://www.w3.org/2000/svg";

/** Makes an icon of the sprite in index.html. It says nothing to a screen reader; the text beside it does. */
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

/** Sets a text only where it differs, since even an equal write makes the browser lay the line out again. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute only where it differs; `null` removes it. */
export function setAttribute(node: Element, name: string, value: string | null): void {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** Brings the children of `parent` to be `wanted`, touching only what differs, so that focus and animations stay. */
export function reconcile(parent: Element, wanted: readonly Element[]): void {
  const keep = new Set(wanted);
  for (const child of Array.from(parent.children)) if (!keep.has(child)) child.remove();
  let cursor = parent.firstElementChild;
  for (const child of wanted) {
    if (child === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(child, cursor);
  }
}
