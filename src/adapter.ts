export type { Handled } from "./http/handled.ts";
export type { RequestHead } from "./http/request-head.ts";
export type { Sink, SinkListener } from "./http/sink.ts";
export type { SharedBytes } from "./wire/shared-bytes.ts";
