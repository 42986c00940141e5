import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const CHROMIUM_PLACES = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** A Chromium without a window: it needs two thirds of the time, and has no tabs in the background. */
const HEADLESS_SHELL_PLACES = [process.env["CHROMIUM_PATH"], "/usr/bin/chromium-headless-shell"];

const FIREFOX_PLACES = [
  process.env["FIREFOX_PATH"],
  "/usr/bin/firefox-esr",
  "/usr/bin/firefox",
  "/Applications/Firefox.app/Contents/MacOS/firefox",
];

/** A program that the tests drive and npm does not install. */
interface Program {
  readonly name: string;
  readonly packages: readonly string[];
  readonly isThere: () => boolean;
  /** The tests are only slower without it. */
  readonly isOptional?: boolean;
}

const PROGRAMS: readonly Program[] = [
  { name: "Chromium", packages: ["chromium", "fonts-dejavu-core"], isThere: () => findChromium() !== undefined },
  {
    name: "Chromium's headless shell",
    packages: ["chromium-headless-shell"],
    isThere: () => findFirst(HEADLESS_SHELL_PLACES) !== undefined,
    isOptional: true,
  },
  { name: "Firefox", packages: ["firefox-esr"], isThere: () => findFirefox() !== undefined },
  { name: "redis-server", packages: ["redis-server"], isThere: () => isOnPath("redis-server") },
  { name: "nginx", packages: ["nginx-light"], isThere: () => isOnPath("nginx") },
  { name: "nats-server", packages: ["nats-server"], isThere: () => isOnPath("nats-server") },
  { name: "caddy", packages: ["caddy"], isThere: () => isOnPath("caddy") },
];

function findFirst(places: readonly (string | undefined)[]): string | undefined {
  return places.find((place) => place !== undefined && place !== "" && existsSync(place));
}

/** Path of Chromium on this machine. `CHROMIUM_PATH` overrides it. */
function findChromium(): string | undefined {
  return findFirst(CHROMIUM_PLACES);
}

/** Path of Firefox on this machine. `FIREFOX_PATH` overrides it. */
function findFirefox(): string | undefined {
  return findFirst(FIREFOX_PLACES);
}

/** Path of Chromium. Throws if it is not installed. */
export function requireChromium(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  throw new Error("This needs Chromium. Debian: `apt-get install chromium`. Elsewhere, set CHROMIUM_PATH.");
}

/** Path of the fastest Chromium for pages that are always visible. Throws if there is none. */
export function requireHeadlessChromium(): string {
  return findFirst(HEADLESS_SHELL_PLACES) ?? requireChromium();
}

/** Path of Firefox. Throws if it is not installed. */
export function requireFirefox(): string {
  const found = findFirefox();
  if (found !== undefined) return found;
  throw new Error("This needs Firefox. Debian: `apt-get install firefox-esr`. Elsewhere, set FIREFOX_PATH.");
}

/** Installs missing programs if this is Debian and the user is root. Otherwise ends the process with what to install. */
export function requirePrograms(): void {
  const missing = () => PROGRAMS.filter(({ isThere }) => !isThere());
  const toInstall = missing();
  if (toInstall.length === 0) return;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    console.log(`\n› install ${toInstall.map(({ name }) => name).join(", ")} for the tests (apt-get)`);
    aptGet(["update", "-qq"]);
    // One by one: a package that this Debian does not have keeps none of the others away.
    for (const { packages } of toInstall) aptGet(["install", "-y", "-qq", "--no-install-recommends", ...packages]);
  }
  const stillMissing = missing().filter(({ isOptional }) => isOptional !== true);
  if (stillMissing.length === 0) return;
  const names = stillMissing.map(({ name }) => name).join(", ");
  const packages = stillMissing.flatMap((each) => each.packages).join(" ");
  console.error(
    `The tests need ${names}. Debian: \`apt-get install ${packages}\`. If Chromium or Firefox is elsewhere, set CHROMIUM_PATH or FIREFOX_PATH. Without them, \`npm run test:unit\` runs the tests that need nothing else.`,
  );
  process.exit(1);
}

function aptGet(args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    execFileSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env });
  } catch {
    // The caller reports what is still missing.
  }
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}
