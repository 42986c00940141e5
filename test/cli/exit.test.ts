import { describe, expect, it } from "vitest";
import { exitOf } from "../../src/cli/exit.ts";
import { ConnectionError } from "../../src/client/connection-error.ts";
import { SpanTree } from "../../src/trace/tree/tree.ts";

const URL_TEXT = "https://ci.example/runs/7/sse";

function refusal(error: ConnectionError): readonly [number, string] {
  const facts = { tree: new SpanTree(), url: URL_TEXT, hasCredentials: false, lastEventId: "" };
  const { exitCode, lines } = exitOf({ type: "refused", error }, facts);
  return [exitCode, lines.map(({ parts }) => parts.map(({ text }) => text).join("")).join("\n")];
}

describe("a stream that cannot be had", () => {
  it.each([410, 429, 500, 503])("is told by the server's status %i, and nothing else of its answer", (status) => {
    const error = new ConnectionError("connection-lost", "status and null", status);
    expect(refusal(error)).toEqual([3, `Cannot read ${URL_TEXT}: the server responded with ${status}.`]);
  });

  it("is one that could be reached where an event is too large", () => {
    const error = new ConnectionError("event-too-large", "an event is longer than `maxEventLength`");
    expect(refusal(error)).toEqual([3, `${URL_TEXT} sent an event that is too large.`]);
  });
});
