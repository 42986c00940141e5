export type { ChunkEvent } from "./generations/chunk-log.ts";
export type { Generation, GenerationEnd } from "./generations/generation.ts";
export { type GenerationHub, Generations, type GenerationsOptions } from "./generations/generations.ts";
export type { Source } from "./util/source-reader.ts";
