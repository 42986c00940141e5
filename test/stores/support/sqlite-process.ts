/** The other process: a store over a stream of a file, by messages. Ends when its parent disconnects. */
import { SqliteEventStores } from "../../../src/sqlite.ts";
import type { KitEvent } from "../../../src/testing.ts";
import type { Answer, Question } from "./sqlite-remote.ts";

const [path = "", stream = ""] = process.argv.slice(2);
const stores = new SqliteEventStores<KitEvent>(path);
const store = stores.stream(stream);

process.on("message", ({ number, method, arguments: args }: Question) => {
  const ask = store[method] as (...args: readonly unknown[]) => Promise<unknown>;
  const send = (answer: Answer) => process.send?.(answer);
  ask.call(store, ...args).then(
    (result) => send({ number, result }),
    ({ message, code }: Error & { code: string }) => send({ number, failure: { message, code } }),
  );
});
process.on("disconnect", () => void stores.close());
