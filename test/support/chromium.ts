import { chromium, type Browser } from "playwright-core";
import { requireHeadlessChromium } from "../../scripts/programs.ts";

/** A Chromium that makes no requests by itself. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: requireHeadlessChromium(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
