/** Where an order's events are. */
export function streamPath(id: string): string {
  return `/api/${encodeURIComponent(id)}/sse`;
}

/** Orders what is in the basket, and answers with the order's id. @throws Error where the shop refuses */
export async function placeOrder(): Promise<string> {
  const response = await post("/api/", { speed: 1 });
  const { id } = (await response.json()) as { readonly id: string };
  return id;
}

/** The event that an order waits for before it is handed to the courier. */
export const APPROVAL = "approval";

/** Sends an order its approval. @throws Error if the shop refuses */
export async function approve(id: string): Promise<void> {
  await post(`/api/${encodeURIComponent(id)}/event`, { type: APPROVAL });
}

/** JSON, which a form of another site cannot send. */
async function post(path: string, body: object): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`The shop answered ${response.status}.`);
  return response;
}
