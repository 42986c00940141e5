/** Something that an element says; `undefined` where it does not. Functions are event handlers: `onclick`. */
export type Attribute = string | number | boolean | undefined | ((event: never) => unknown);

/** An element as it shall be. */
export interface View {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly children: readonly Child[];
}

/** What can be in an element. A text is always set as text, never as markup: names and messages come from outside. */
export type Child = View | string | false | 0 | undefined | readonly Child[];

interface Drawn extends Element {
  [VIEW]?: View;
}

const VIEW = Symbol("view");
const NO_ATTRIBUTES = {};
const SVG = "http://www.w3.org/2000/svg";

/**
 * An element as it shall be. The attribute `key` is not shown: it tells the element from its siblings, and keeps it the same one
 * (with its focus, its scrolling and its animations) whatever comes and goes beside it.
 */
export function h(tag: string, attributes: View["attributes"] = NO_ATTRIBUTES, ...children: Child[]): View {
  return { tag, attributes, children };
}

/** Brings what is in `parent` to be this, touching only what differs. */
export function draw(parent: Node, children: readonly Child[]): void {
  const wanted = (children as readonly unknown[]).flat(Infinity).filter(Boolean) as (View | string)[];
  const keys = new Set(wanted.map(keyOf));
  const keyed = new Map<unknown, Drawn>();
  for (const node of [...parent.childNodes] as Drawn[]) {
    const key = node[VIEW] && keyOf(node[VIEW]);
    if (key === undefined) continue;
    // What goes is taken out first: what stays need not be moved then, which would cost it its focus.
    if (keys.has(key)) keyed.set(key, node);
    else node.remove();
  }
  let next = parent.firstChild as Drawn | null;
  for (const child of wanted) {
    const key = keyOf(child);
    let node: Drawn | Text | undefined = key === undefined ? undefined : keyed.get(key);
    if (key === undefined && next !== null && isSameKind(next, child)) node = next;
    node ??= create(child);
    if (node === next) next = next.nextSibling as Drawn | null;
    else parent.insertBefore(node, next);
    if (typeof child !== "string") update(node as Drawn, child);
    else if (node.textContent !== child) node.textContent = child;
  }
  while (next !== null) {
    const after = next.nextSibling as Drawn | null;
    next.remove();
    next = after;
  }
}

function keyOf(child: View | string): Attribute {
  return typeof child === "string" ? undefined : child.attributes["key"];
}

function isSameKind(node: Drawn, child: View | string): boolean {
  const view = node[VIEW];
  if (typeof child === "string") return node.nodeType === Node.TEXT_NODE;
  return view?.tag === child.tag && keyOf(view) === undefined;
}

function create(child: View | string): Drawn | Text {
  if (typeof child === "string") return document.createTextNode(child);
  const { tag } = child;
  return tag === "svg" || tag === "path" ? document.createElementNS(SVG, tag) : document.createElement(tag);
}

function update(element: Drawn, view: View): void {
  const before = element[VIEW]?.attributes ?? NO_ATTRIBUTES;
  element[VIEW] = view;
  for (const name in before) if (!(name in view.attributes)) set(element, name, undefined);
  for (const name in view.attributes) {
    const value = view.attributes[name];
    if (value !== before[name as never] || name === "value") set(element, name, value);
  }
  draw(element, view.children);
}

function set(element: Element, name: string, value: Attribute): void {
  const fields = element as unknown as Record<string, unknown>;
  if (name === "key") return;
  // A page may forbid style attributes, and that one keeps what a reader has typed does not change what was.
  if (name === "style") (element as HTMLElement).style.cssText = String(value ?? "");
  else if (name === "value") {
    if (fields[name] !== value) fields[name] = value;
  } else if (name.startsWith("on")) fields[name] = value ?? null;
  else if (value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, String(value));
}
