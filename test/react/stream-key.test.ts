import { describe, expect, it } from "vitest";
import { streamKey } from "../../src/react/stream-options.ts";

const key = (options: object) => streamKey("/sse", options);

describe("what tells streams apart", () => {
  it("is the URL and the options, whatever order they are in", () => {
    expect(key({ a: 1, b: { c: 2, d: [3] } })).toBe(key({ b: { d: [3], c: 2 }, a: 1 }));
    expect(key({ a: 1 })).not.toBe(key({ a: 2 }));
    expect(key({ headers: { a: "1" } })).not.toBe(key({ headers: { a: "2" } }));
    expect(streamKey("/a", {})).not.toBe(streamKey("/b", {}));
    expect(key({ a: undefined })).toBe(key({}));
  });

  it("is which function it is, for functions say who asks", () => {
    const [token, other] = [() => "a", () => "a"];
    expect(key({ token })).toBe(key({ token }));
    expect(key({ token })).not.toBe(key({ token: other }));
    expect(key({ storage: { getItem: token } })).not.toBe(key({ storage: { getItem: other } }));
    expect(key({ token })).not.toBe(key({}));
  });

  it("is what they say, for lists of names and values", () => {
    for (const make of [URLSearchParams, Headers] as const) {
      expect(key({ body: new make({ a: "1" }) })).toBe(key({ body: new make({ a: "1" }) }));
      expect(key({ body: new make({ a: "1" }) })).not.toBe(key({ body: new make({ a: "2" }) }));
    }
    expect(key({ url: new URL("http://a/") })).toBe(key({ url: new URL("http://a/") }));
  });

  it("is which one it is, for what is no data", () => {
    const body = new Blob();
    expect(key({ body })).toBe(key({ body }));
    expect(key({ body })).not.toBe(key({ body: new Blob() }));
    const form = new FormData();
    form.set("file", body);
    expect(key({ body: form })).not.toBe(key({ body: new FormData() }));
  });
});
