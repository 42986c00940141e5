/** Where an order's events are. */
export function streamPath(id: string): string {
  return `/api/${encodeURIComponent(id)}/sse`;
}

/** Orders what is in the basket, and answers with the order's id. @throws Error where the shop refuses */
export async function placeOrder(): Promise<string> {
  const response = await fetch("/api/", { method: "POST", body: JSON.stringify({ speed: 1 }) });
  if (!response.ok) throw new Error(`The shop answered ${response.status}.`);
  const { id } = (await response.json()) as { readonly id: string };
  return id;
}

/** Tells the order what it waits for. @throws Error where the shop refuses */
export async function approve(id: string): Promise<void> {
  const response = await fetch(`/api/${encodeURIComponent(id)}/event`, { method: "POST" });
  if (!response.ok) throw new Error(`The shop answered ${response.status}.`);
}
