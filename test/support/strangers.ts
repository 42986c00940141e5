import { once } from "node:events";
import { request, type IncomingHttpHeaders, type IncomingMessage } from "node:http";

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** A request as it is given, with a `Host` of one's own, which `fetch` does not send. */
export async function send(url: string, { method = "POST", headers = {}, body = "" }: Sent = {}): Promise<Answer> {
  const asking = request(url, { method, headers, agent: false });
  asking.end(method === "POST" ? body : undefined);
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  const answer = { status: response.statusCode ?? 0, headers: response.headers };
  response.on("error", () => {});
  asking.destroy();
  return answer;
}

const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPES = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"];

/** What a page of another site can have a browser send to a server, and how that is to be refused. */
const STRANGERS: readonly (readonly [what: string, statuses: readonly number[], sent: Sent])[] = [
  ...FORM_TYPES.flatMap((type) => [
    [`a form of another site (${type})`, [403], { headers: { origin: "https://evil.example", "content-type": type } }],
    [`a form without an origin (${type})`, [415], { headers: { "content-type": type } }],
  ]),
  ["a sandboxed frame", [403], { headers: { origin: "null", ...JSON_TYPE } }],
  ["a script of another site", [403], { headers: { origin: "https://evil.example", ...JSON_TYPE } }],
  ["a script of another site, without a body", [403], { headers: { origin: "https://evil.example" } }],
  ["another port of this machine", [403], { headers: { origin: "http://127.0.0.1:1", ...JSON_TYPE } }],
  ["a name that ends like ours", [403], { headers: { origin: "http://evil.127.0.0.1", ...JSON_TYPE } }],
  ["a request that the browser calls cross-site", [403], { headers: { "sec-fetch-site": "cross-site", ...JSON_TYPE } }],
  ["a request that the browser calls same-site", [403], { headers: { "sec-fetch-site": "same-site", ...JSON_TYPE } }],
  ["a type that only looks like JSON", [415], { headers: { "content-type": "application/jsonp" } }],
  ["a text that names JSON", [415], { headers: { "content-type": "text/plain; application/json" } }],
  ...["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.2"].map(
    (host) => [
      `a name that was rebound (${host})`,
      [403],
      { headers: { host, origin: `http://${host}`, ...JSON_TYPE } },
    ],
  ),
  ["a name that was rebound, which reads", [403], { method: "GET", headers: { host: "evil.example" } }],
] as never;

/** Which of a stranger's requests were not refused as they are to be; none if all is well. */
export async function admittedStrangers(url: string, body = "{}"): Promise<readonly string[]> {
  const answers = STRANGERS.map(async ([what, statuses, sent]) => {
    const { status } = await send(url, { body, ...sent });
    return statuses.includes(status) ? [] : [`${what}: ${status}`];
  });
  return (await Promise.all(answers)).flat();
}

/** What the server's own page sends: an object as JSON, a string as it is. */
export function fromOwnPage(url: string, body: object | string = {}, headers: Readonly<Record<string, string>> = {}) {
  const own = { origin: new URL(url).origin, "sec-fetch-site": "same-origin", ...JSON_TYPE, ...headers };
  return send(url, { headers: own, body: typeof body === "string" ? body : JSON.stringify(body) });
}
