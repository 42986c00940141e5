export { type Admitting, toNodeHandler } from "./http/node-handler.ts";
export { sendEvents } from "./node/send-events.ts";
