export { serveSSE, type ServeSSEOptions } from "./cloudflare/serve-sse.ts";
