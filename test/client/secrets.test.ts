import { inspect } from "node:util";
import { connect } from "ssetarget/client";
import { expect, it, vi } from "vitest";
import { frame, openStreamOf, over, serve } from "./support/scripted-server.ts";
import { watch } from "./support/watched.ts";

it.for([
  ["a token with a line break", { token: "s3cret\nX: 1" }],
  ["a token with a control character", { token: "s3cret\u0001" }],
  ["a token of letters that no header has", { token: "s3cret\u4e2d" }],
  ["a token that a function gives", { token: async () => "s3cret\r\nx" }],
  ["a header with a line break", { headers: { "x-key": "s3cret\nX: 1" } }],
  ["a header that a function gives", { headers: () => ({ "x-key": "s3cret\u007f" }) }],
  ["a header whose name is none", { headers: { "s3cret s3cret": "s3cret" } }],
] as const)("%s fails at once, and is told nowhere", async ([, options]) => {
  const { url, requests } = await serve(over);
  const state = await watch(url, options).connection.closed;
  expect(state).toMatchObject({ status: "failed", error: { code: "invalid-option" } });
  expect(state.error?.message).toMatch(/^`(token|headers)` must be/);
  expect(inspect(state, { depth: 20 })).not.toContain("s3cret");
  expect(requests).toEqual([]);
});

it("hides what errors of `fetch` say of a request", async () => {
  const url = "http://127.0.0.1/path-s3cret/sse?token=s3cret";
  const request = { url, headers: { authorization: "Bearer s3cret" } };
  const cause = Object.assign(new Error("no answer to Bearer s3cret"), { code: "EHOSTUNREACH", request });
  const { connection } = watch(url, {
    fetch: () => {
      throw Object.assign(new TypeError(`error sending request for url (${url})`, { cause }), { request });
    },
  });
  await vi.waitFor(() => expect(connection.state.error).toBeDefined());
  const { error } = connection.state;
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain("s3cret");
  expect(error?.message).toContain("error sending request for url (http://127.0.0.1/…");
  expect(error?.cause).toMatchObject({ name: "TypeError", cause: { name: "Error", code: "EHOSTUNREACH" } });
});

it("repeats no URL that it refuses", () => {
  for (const url of ["http://user:s3cret@h/", "http://[s3cret", "/s3cret?s3cret"]) {
    const open = () => connect(url);
    expect(open).toThrow(/`url` must be/);
    expect(open).not.toThrow(/s3cret/);
  }
});

it("stores under a name that shows nothing of the URL", async () => {
  const { url } = await serve(openStreamOf(frame("1.e")));
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string) => items.get(key),
    setItem: (key: string, value: string) => items.set(key, value),
    removeItem: (key: string) => items.delete(key),
  };
  const paths = ["/path-s3cret/sse", "/sse?token=s3cret", "/sse?token=s3cret2"];
  for (const path of paths) {
    const { connection, events } = watch(new URL(path, url).href, { storage });
    await vi.waitFor(() => expect(events).toHaveLength(1));
    connection.close();
  }
  expect([...items.values()]).toEqual(["1.e", "1.e", "1.e"]);
  expect([...items.keys()].join(" ")).toMatch(/^(ssetarget:[0-9a-f]{16} ?){3}$/);
});
