import { jetstream } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { NatsEventStores } from "ssetarget/nats";
import type { KitEvent, StoreCapability } from "ssetarget/testing";
import { afterAll, beforeAll } from "vitest";
import { describeConformance } from "./support/conformance.ts";
import { NatsServer } from "./support/nats-server.ts";

const CAPABILITIES: readonly StoreCapability[] = [
  "trim",
  "delete",
  "keys",
  "close",
  "history",
  "streams",
  "shared",
  "persistent",
];

let server: NatsServer;
const connections: NatsConnection[] = [];
const newStores = async () => {
  const connection = await connect({ port: server.port });
  connections.push(connection);
  return new NatsEventStores<KitEvent>(jetstream(connection));
};
let here: NatsEventStores<KitEvent>;
let there: NatsEventStores<KitEvent>;
beforeAll(async () => {
  server = await NatsServer.start();
  here = await newStores();
  there = await newStores();
});
afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await server?.stop();
});

describeConformance("NatsEventStores", CAPABILITIES, ({ stream = "any", isElsewhere } = {}) =>
  (isElsewhere === true ? there : here).stream(stream),
);
