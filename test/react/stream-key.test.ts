import { describe, expect, it } from "vitest";
import { streamKey } from "../../src/react/stream-key.ts";

const key = (options: object) => streamKey("/sse", options);

describe("what tells streams apart", () => {
  it("is the URL and the options, whatever order they are in", () => {
    expect(key({ a: 1, b: { c: 2, d: [3] } })).toBe(key({ b: { d: [3], c: 2 }, a: 1 }));
    expect(key({ a: 1 })).not.toBe(key({ a: 2 }));
    expect(key({ headers: { a: "1" } })).not.toBe(key({ headers: { a: "2" } }));
    expect(streamKey("/a", {})).not.toBe(streamKey("/b", {}));
    expect(key({ a: undefined })).toBe(key({}));
  });

  it("is no function, for most are others with each render", () => {
    expect(key({ onError: () => 1 })).toBe(key({ onError: () => 2 }));
  });

  it("is which one it is, for what is no data", () => {
    const body = new FormData();
    expect(key({ body })).toBe(key({ body }));
    expect(key({ body })).not.toBe(key({ body: new FormData() }));
  });
});
