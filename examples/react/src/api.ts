/** The URL of an order's events. */
export function streamPath(id: string): string {
  return `/api/${encodeURIComponent(id)}/sse`;
}

/** Orders the basket and returns the order's id. @throws Error if the shop refuses */
export async function placeOrder(): Promise<string> {
  const response = await post("/api/", { speed: 1 });
  const { id } = (await response.json()) as { readonly id: string };
  return id;
}

/** The event that an order waits for before the courier gets it. */
export const APPROVAL = "approval";

/** Sends an order its approval. @throws Error if the shop refuses */
export async function approve(id: string): Promise<void> {
  await post(`/api/${encodeURIComponent(id)}/event`, { type: APPROVAL });
}

/** JSON: a form on another site cannot send this. */
async function post(path: string, body: object): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`The shop answered ${response.status}.`);
  return response;
}
