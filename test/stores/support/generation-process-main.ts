/** A server of its own whose generations are stored in an engine that others share; started and listened to by messages. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Generations } from "../../../src/generations.ts";
import { toNodeHandler } from "../../../src/node.ts";
import { type Engine, openHub } from "./generation-hub.ts";
import { type StartGeneration, type Told, wordAt } from "./generation-process.ts";

const [engine = "", place = ""] = process.argv.slice(2);
const { hub } = openHub(engine as Engine, place);
const generations = new Generations<string>(hub, { join: (a, b) => a + b, batchMs: 5 });
const tell = (told: Told) => process.send?.(told);

process.on("message", ({ id, words, msPerWord, isSilentAfterwards }: StartGeneration) => {
  const generation = generations.start(id, async function* (signal) {
    tell({ told: "begun", id });
    signal.addEventListener("abort", () => tell({ told: "aborted", id }));
    for (let n = 0; n < words && !signal.aborted; n++) {
      await delay(msPerWord);
      yield wordAt(n);
    }
    if (isSilentAfterwards) await new Promise(() => {});
  });
  void generation.done.then(({ reason }) => tell({ told: "done", id, reason }));
});
process.on("disconnect", () => process.exit());

const server = createServer(toNodeHandler(hub));
server.listen(0, "127.0.0.1", () => tell({ told: "listening", port: (server.address() as AddressInfo).port }));
