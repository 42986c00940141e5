export { type Admitting, toNodeHandler } from "./http/node-handler.ts";
