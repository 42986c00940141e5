import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { messageOf, plainError, withoutSecrets } from "../../src/util/plain-error.ts";

describe("errors of others", () => {
  it.each([
    ["connect to redis://user:s3cret@h:6379 failed", "connect to redis://…@h:6379 failed"],
    ["nats://s3cret@h, nats://x:s3cret@h2", "nats://…@h, nats://…@h2"],
    ["Invalid URL: postgres://u:p%40s3cret@h/db?sslmode=s3cret", "Invalid URL: postgres://…@h/db?…"],
    ["url (https://h/a?token=s3cret): refused", "url (https://h/a?… refused"],
    ["Failed to parse URL from /sse?token=s3cret", "Failed to parse URL from /sse?…"],
    ["see https://h/a#s3cret", "see https://h/a?…"],
    ["file:/x.db?key=s3cret", "file:/x.db?…"],
    ['"Bearer s3cret" is an invalid header value.', '"Bearer …" is an invalid header value.'],
    ["authorization: Basic czNjcmV0", "authorization: Basic …"],
    [
      "ERR unknown command 'AUTH', with args beginning with: 's3cret' ",
      "ERR unknown command 'AUTH', with args beginning with: …",
    ],
    ["What? No such key: a=b", "What? No such key: a=b"],
    ["connect ECONNREFUSED 127.0.0.1:6379", "connect ECONNREFUSED 127.0.0.1:6379"],
  ])("%j is told as %j", (text, told) => {
    expect(withoutSecrets(text)).toBe(told);
    expect(messageOf(new Error(text))).toBe(told);
  });

  it("keep name, message, code, stack and causes, and nothing that was attached", () => {
    const command = { name: "auth", args: ["s3cret"] };
    const cause = Object.assign(new RangeError("at redis://:s3cret@h"), { command });
    const error = Object.assign(new TypeError("no", { cause }), { code: "ECONNRESET", errno: -104, command });
    const copy = plainError(error) as Error;
    expect(copy).toMatchObject({ name: "TypeError", message: "no", code: "ECONNRESET", cause: { name: "RangeError" } });
    expect(copy.stack).toContain("plain-error.test.ts");
    expect(inspect(copy, { depth: 9, showHidden: true })).not.toContain("s3cret");
  });

  it("may be anything, go round in a circle, and be long", () => {
    const circle = new Error("round");
    circle.cause = circle;
    for (const thrown of [circle, undefined, null, "text", 7, {}, "?".repeat(1_000_000), "://".repeat(1_000_000)]) {
      expect(inspect(plainError(thrown), { depth: 20 }).length).toBeLessThan(50_000);
    }
  });
});
