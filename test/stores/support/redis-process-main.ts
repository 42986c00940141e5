import { Redis } from "ioredis";
import { createClient } from "redis";
import { RedisEventStore, type RedisClient } from "../../../src/redis.ts";
import { follow } from "./follow.ts";
import type { Asked, Told } from "./redis-process.ts";

/** What runs in a process of its own: follows streams and stores events as it is asked to. */
interface Counted {
  readonly type: "n";
  readonly n: number;
  readonly from: string;
}

const [kind, port, name = ""] = process.argv.slice(2);
const redis = await connect();
const heard = new Map<string, number[]>();

async function connect(): Promise<RedisClient> {
  const protocol = kind?.endsWith("RESP2") ? 2 : 3;
  if (kind?.startsWith("ioredis")) return new Redis(Number(port), "127.0.0.1", { connectionName: name, protocol });
  const client = createClient({ socket: { host: "127.0.0.1", port: Number(port) }, name, RESP: protocol });
  await client.connect();
  return client;
}

function store(stream: string): RedisEventStore<Counted> {
  return new RedisEventStore<Counted>(redis, stream);
}

async function answer(asked: Asked): Promise<unknown> {
  switch (asked.do) {
    case "follow":
      await Promise.all(
        asked.streams.map(async (stream) => {
          const ids: number[] = [];
          heard.set(stream, ids);
          await follow(
            store(stream),
            ({ id }) => ids.push(id),
            () => ids.push(Number.NaN),
          );
        }),
      );
      return undefined;
    case "store": {
      const target = store(asked.stream);
      const numbers = Array.from({ length: asked.count }, (_, n) => n);
      const stored = await Promise.all(numbers.map((n) => target.storeEvent({ type: "n", n, from: name })));
      return stored.map(({ id }) => id);
    }
    case "heard":
      return heard.get(asked.stream);
  }
}

process.on("message", (asked: Asked) => {
  void answer(asked)
    .then((result): Told => ({ number: asked.number, result }))
    .catch((error: unknown): Told => ({ number: asked.number, error: String(error) }))
    .then((told) => process.send?.(told));
});
process.on("disconnect", () => process.exit());
process.send?.({ number: 0 } satisfies Told);
