import { styleText } from "node:util";

/** How a piece of text looks. */
export type Style = "plain" | "strong" | "quiet" | "running" | "done" | "failed" | "waiting";

/** Puts a style on a text. The text has to be safe already. */
export type Palette = (style: Style, text: string) => string;

/** For terminals that want no colours. */
export const plainPalette: Palette = (_style, text) => text;

const FORMATS = {
  strong: "bold",
  quiet: "dim",
  running: "cyan",
  done: "green",
  failed: "red",
  waiting: "yellow",
} as const satisfies Readonly<Record<Exclude<Style, "plain">, Parameters<typeof styleText>[0]>>;

export const colourPalette: Palette = (style, text) =>
  style === "plain" || text === "" ? text : styleText(FORMATS[style], text, { validateStream: false });

/**
 * Whether to write colours. `FORCE_COLOR` decides where it is set (`0` and `false` turn them off), else `NO_COLOR` turns
 * them off, else a terminal has them.
 * @see https://no-color.org
 * @see https://force-color.org
 */
export function wantsColour(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  const refused = env["NO_COLOR"];
  if (refused !== undefined && refused !== "") return false;
  return isTerminal && env["TERM"] !== "dumb";
}
