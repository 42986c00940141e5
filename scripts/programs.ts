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

const FIREFOX_PLACES = [
  process.env["FIREFOX_PATH"],
  "/usr/bin/firefox-esr",
  "/usr/bin/firefox",
  "/Applications/Firefox.app/Contents/MacOS/firefox",
];

/** Something that the tests drive and npm does not bring. */
interface Program {
  readonly name: string;
  readonly packages: readonly string[];
  readonly isThere: () => boolean;
}

const PROGRAMS: readonly Program[] = [
  { name: "Chromium", packages: ["chromium", "fonts-dejavu-core"], isThere: () => findChromium() !== undefined },
  { name: "Firefox", packages: ["firefox-esr"], isThere: () => findFirefox() !== undefined },
  { name: "redis-server", packages: ["redis-server"], isThere: () => isOnPath("redis-server") },
  { name: "nginx", packages: ["nginx-light"], isThere: () => isOnPath("nginx") },
  { name: "nats-server", packages: ["nats-server"], isThere: () => isOnPath("nats-server") },
  { name: "caddy", packages: ["caddy"], isThere: () => isOnPath("caddy") },
];

function findFirst(places: readonly (string | undefined)[]): string | undefined {
  return places.find((place) => place !== undefined && place !== "" && existsSync(place));
}

/** Where Chromium is on this machine, if it is. `CHROMIUM_PATH` names another place. */
function findChromium(): string | undefined {
  return findFirst(CHROMIUM_PLACES);
}

/** Where Firefox is on this machine, if it is. `FIREFOX_PATH` names another place. */
function findFirefox(): string | undefined {
  return findFirst(FIREFOX_PLACES);
}

/** Chromium's place; throws in words where it has none. */
export function requireChromium(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  throw new Error("This needs Chromium. Debian: `apt-get install chromium`; elsewhere name it in CHROMIUM_PATH.");
}

/** Firefox's place; throws in words where it has none. */
export function requireFirefox(): string {
  const found = findFirefox();
  if (found !== undefined) return found;
  throw new Error("This needs Firefox. Debian: `apt-get install firefox-esr`; elsewhere name it in FIREFOX_PATH.");
}

/** Makes sure that all programs are there: installs Debian's packages where that can be done, else ends in words. */
export function requirePrograms(): void {
  const missing = () => PROGRAMS.filter(({ isThere }) => !isThere());
  const toInstall = missing();
  if (toInstall.length === 0) return;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    console.log(`\n› install ${toInstall.map(({ name }) => name).join(", ")} for the tests (apt-get)`);
    aptGet(["update", "-qq"]);
    aptGet(["install", "-y", "-qq", "--no-install-recommends", ...toInstall.flatMap(({ packages }) => packages)]);
  }
  const stillMissing = missing();
  if (stillMissing.length === 0) return;
  const names = stillMissing.map(({ name }) => name).join(", ");
  const packages = stillMissing.flatMap((each) => each.packages).join(" ");
  console.error(
    `The tests need ${names}. Debian: \`apt-get install ${packages}\`; Chromium and Firefox elsewhere can be named in CHROMIUM_PATH and FIREFOX_PATH. Without them, \`npm run test:unit\` runs the tests that need nothing else.`,
  );
  process.exit(1);
}

function aptGet(args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    execFileSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env });
  } catch {
    // What is missing is said afterwards.
  }
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}
