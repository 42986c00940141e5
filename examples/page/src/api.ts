/** The example's HTTP calls. All go to this page's origin, as its Content-Security-Policy requires. */

/** A form on another site cannot send this type. */
const JSON_TYPE = { "Content-Type": "application/json" };

export const runPath = (id: string): string => `/${encodeURIComponent(id)}`;
export const streamPath = (id: string): string => `${runPath(id)}/sse`;
export const eventPath = (id: string): string => `${runPath(id)}/event`;

/** Starts a run and returns the path of its page. @throws Error with a message for users if the server refuses */
export async function startRun(): Promise<string> {
  const response = await request("/", { method: "POST", headers: JSON_TYPE, body: "{}" });
  const location = response.headers.get("Location");
  if (location === null) throw new Error("The server started a run, but its response has no Location.");
  const url = new URL(location, window.location.href);
  // The browser opens the Location as a page, so it must not lead to another site.
  if (url.origin !== window.location.origin) throw new Error(`The server redirected to another site: ${url.origin}.`);
  return url.pathname;
}

/** Sends the event that a run waits for. @throws Error with a message for users if the server refuses */
export async function sendEvent(id: string, type: string): Promise<void> {
  await request(eventPath(id), {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify({ type }),
  });
}

async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (cause) {
    throw new Error("Cannot reach the server.", { cause });
  }
  if (!response.ok) throw new Error(`The server answered ${response.status} ${response.statusText}`.trimEnd() + ".");
  return response;
}
