// @vitest-environment jsdom
import { connect, type ConnectOptions } from "ssetarget/client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { frame } from "./support/scripted-server.ts";

afterEach(() => vi.unstubAllGlobals());

/** A `fetch` as tests write it: it notes what it was asked for, and answers with a stream that ends. */
function answering() {
  const asked: unknown[] = [];
  const fetch: ConnectOptions["fetch"] = async (url) => {
    asked.push(url);
    if (asked.length > 1) return new Response(null, { status: 204 });
    return new Response(frame(1), { headers: { "content-type": "text/event-stream" } });
  };
  return { asked, fetch };
}

const read = async (url: string | URL, options: ConnectOptions) => {
  const connection = connect(url, { backoff: { minMs: 1, maxMs: 1 }, ...options });
  const ids: unknown[] = [];
  for await (const event of connection) ids.push(event.id);
  return ids;
};

describe("in jsdom", () => {
  it("a relative URL is one of the page, whoever fetches it", async () => {
    const { asked, fetch } = answering();
    expect(await read("/sse", { fetch })).toEqual([1]);
    expect(asked[0]).toBe(new URL("/sse", document.baseURI).href);
    const other = answering();
    vi.stubGlobal("fetch", other.fetch);
    expect(await read("sse?of=me", {})).toEqual([1]);
    expect(other.asked[0]).toBe(new URL("sse?of=me", document.baseURI).href);
  });

  it("a URL of jsdom's own is one", async () => {
    const { asked, fetch } = answering();
    expect(await read(new URL("/sse", location.href), { fetch })).toEqual([1]);
    expect(asked[0]).toBe(new URL("/sse", document.baseURI).href);
  });
});

describe("where there is no address that a URL could be relative to", () => {
  it("a relative URL is handed on as it is to a `fetch` that was given", async () => {
    vi.stubGlobal("document", undefined);
    vi.stubGlobal("location", undefined);
    const { asked, fetch } = answering();
    expect(await read("/sse", { fetch })).toEqual([1]);
    expect(asked[0]).toBe("/sse");
    expect(() => connect("/sse")).toThrow("`url` must be absolute");
  });

  it("so it is in a page without an address", async () => {
    vi.stubGlobal("document", { baseURI: "about:blank" });
    const { asked, fetch } = answering();
    expect(await read("/sse", { fetch })).toEqual([1]);
    expect(asked[0]).toBe("/sse");
  });
});

describe("a URL with a password", () => {
  it.each([undefined, answering().fetch])("is refused, whoever fetches it", (fetch) => {
    expect(() => connect("http://anna:secret@localhost/sse", { fetch })).toThrow(
      expect.objectContaining({ code: "invalid-option", message: expect.not.stringContaining("secret") as string }),
    );
  });
});
