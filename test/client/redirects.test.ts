import { describe, expect, it } from "vitest";
import { frame, over, serve, statusOf, streamOf, type Answer } from "./support/scripted-server.ts";
import { watch } from "./support/watched.ts";

const to = (location: string, status = 307): Answer => statusOf(status, { location });

describe("a redirect", () => {
  it.for([
    ["headers", { headers: { "x-key": "secret" } }],
    ["headers from a function", { headers: async () => ({ "x-key": "secret" }) }],
    ["a token", { token: "secret" }],
    ["a body", { method: "POST", body: "secret" }],
  ] as const)("to another origin never carries %s there", async ([, options]) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const other = await serve(streamOf(frame(1)), over);
      const { url, requests } = await serve(to("/hop"), to(other.url, status));
      const { connection } = watch(url, options);
      const { origin } = new URL(other.url);
      const state = await connection.closed;
      expect(state).toMatchObject({ status: "failed", error: { code: "request-refused", status } });
      expect(state.error?.message).toContain(`redirected to ${origin}:`);
      expect(state.error?.message).not.toContain("secret");
      expect(requests.map(({ path }) => path)).toEqual(["/sse", "/hop"]);
      expect(other.requests).toEqual([]);
    }
  });

  it("to another origin is followed where nothing goes along", async () => {
    const other = await serve(streamOf(frame(1)), over);
    const { url } = await serve(to(other.url));
    const { connection, events } = watch(url);
    await connection.closed;
    expect(events).toHaveLength(1);
    expect(other.requests[1]?.headers["last-event-id"]).toBe("1");
  });

  it("within the origin carries everything, at each try", async () => {
    const { url, requests } = await serve(to("/a?b"), streamOf(frame(1)), to("../c", 308), over);
    const { connection, events } = watch(url, {
      method: "POST",
      body: "question",
      headers: { "x-key": "1", "content-type": "a/b" },
      token: "t",
    });
    expect((await connection.closed).status).toBe("ended");
    expect(events).toHaveLength(1);
    expect(requests.map(({ path, method, body }) => [method, path, body])).toEqual([
      ["POST", "/sse", "question"],
      ["POST", "/a?b", "question"],
      ["POST", "/sse", "question"],
      ["POST", "/c", "question"],
    ]);
    for (const { headers } of requests) {
      expect(headers).toMatchObject({ "x-key": "1", authorization: "Bearer t", "content-type": "a/b" });
    }
    expect(requests.at(-1)?.headers["last-event-id"]).toBe("1");
  });

  it("of a POST that is no 307 or 308 asks for the page instead, as `fetch` does", async () => {
    for (const status of [301, 302, 303]) {
      const { url, requests } = await serve(to("/a", status), over);
      await watch(url, { method: "POST", body: "q", headers: { "content-type": "a/b", "x-key": "1" } }).connection
        .closed;
      expect(requests[1]).toMatchObject({ method: "GET", body: "", headers: { "x-key": "1" } });
      expect(requests[1]?.headers).not.toHaveProperty("content-type");
    }
  });

  it("without an end, or to what is no place, is refused and not tried again", async () => {
    for (const [location, count] of [
      ["/sse", 21],
      ["http://[", 1],
      ["data:text/event-stream,data:%201", 1],
      ["javascript:0", 1],
    ] as const) {
      const { url, requests } = await serve(to(location));
      const { connection } = watch(url, { token: "t" });
      expect(await connection.closed).toMatchObject({
        status: "failed",
        error: { code: "request-refused", status: 307 },
      });
      expect(requests).toHaveLength(count);
    }
  });

  it("to the same host with a password is refused, and the password not told", async () => {
    const { url } = await serve((response, request) =>
      response.writeHead(302, { location: `http://user:pass@${request.headers.host}/` }).end(),
    );
    const { error } = await watch(url, { token: "t" }).connection.closed;
    expect(error).toMatchObject({ code: "request-refused" });
    expect(error?.message).not.toContain("pass");
  });

  it("that a browser hides is refused, unless the page's own origin is asked", async () => {
    const { connection } = watch("http://127.0.0.1/sse", {
      headers: { "x-key": "1" },
      fetch: async () => Object.defineProperty(Response.error(), "type", { value: "opaqueredirect" }),
    });
    const { error } = await connection.closed;
    expect(error).toMatchObject({ code: "request-refused", status: undefined });
  });

  it("of a relative URL is followed by the `fetch` that understands it", async () => {
    const asked: string[] = [];
    const { connection } = watch("/sse?a", {
      token: "t",
      fetch: async (url) => {
        asked.push(url);
        return url === "/sse?a"
          ? new Response("", { status: 302, headers: { location: "b" } })
          : new Response(null, { status: 204 });
      },
    });
    expect((await connection.closed).status).toBe("ended");
    expect(asked).toEqual(["/sse?a", "/b"]);
  });
});
