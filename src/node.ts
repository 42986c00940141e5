export { type RequestHandler, toNodeHandler } from "./node/handler.ts";
export { sendEvents } from "./node/send-events.ts";
