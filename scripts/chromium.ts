import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

const PLACES = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Where Chromium is on this machine, if it is. `CHROMIUM_PATH` names another place. */
export function findChromium(): string | undefined {
  return PLACES.find((place) => place !== undefined && place !== "" && existsSync(place));
}

/** Chromium's place; installs Debian's where that can be done, else ends in words. */
export function requireChromium(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && existsSync("/usr/bin/apt-get")) {
    console.log("\n› install Chromium for the browser tests (apt-get)");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const install = ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"];
    try {
      execFileSync("apt-get", ["update", "-qq"], { stdio: ["ignore", "ignore", "inherit"], env });
      execFileSync("apt-get", install, { stdio: ["ignore", "ignore", "inherit"], env });
    } catch {
      // What is missing is said below.
    }
  }
  const installed = findChromium();
  if (installed !== undefined) return installed;
  console.error(
    "The browser tests need Chromium. Install it (Debian: `apt-get install chromium`) or name it in CHROMIUM_PATH; without it, `npm run test:unit` runs the tests that need no browser.",
  );
  return process.exit(1);
}
