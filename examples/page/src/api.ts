/** The example's few HTTP calls. All are relative to this page's origin, as its Content-Security-Policy demands. */

/** A form of another site cannot send this type. */
const JSON_TYPE = { "Content-Type": "application/json" };

export const runPath = (id: string): string => `/${encodeURIComponent(id)}`;
export const streamPath = (id: string): string => `${runPath(id)}/sse`;
export const eventPath = (id: string): string => `${runPath(id)}/event`;

/** Starts a run and answers with the path of its page. @throws Error when the server refuses, in words. */
export async function startRun(): Promise<string> {
  const response = await request("/", { method: "POST", headers: JSON_TYPE, body: "{}" });
  const location = response.headers.get("Location");
  if (location === null) throw new Error("The server started a run, but did not say where it is.");
  const url = new URL(location, window.location.href);
  // The Location is followed as a page, so one that leads elsewhere is not to be trusted.
  if (url.origin !== window.location.origin) throw new Error(`The server named another site: ${url.origin}.`);
  return url.pathname;
}

/** Sends the event that a run waits for. @throws Error when the server refuses, in words. */
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
    throw new Error("The server cannot be reached.", { cause });
  }
  if (!response.ok) throw new Error(`The server answered ${response.status} ${response.statusText}`.trimEnd() + ".");
  return response;
}
