import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireFirefox } from "../../scripts/programs.ts";

/** Firefox's own, in its own windows. */
declare const Services: { readonly prefs: { setIntPref(name: string, value: number): void } };

export interface FirefoxTab {
  evaluate<R, A extends readonly unknown[]>(code: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  /** Waits until it is true in the page. */
  until<A extends readonly unknown[]>(code: (...args: A) => boolean, ...args: A): Promise<void>;
  /** Loads the page again, and waits until it has loaded. */
  reload(): Promise<void>;
  /** The first frame of the page. */
  frame(): Promise<FirefoxTab>;
  close(): Promise<void>;
}

export interface Firefox {
  /** Opens a tab, and waits until its page has loaded. */
  openTab(url: string): Promise<FirefoxTab>;
  /** Which cookies, and with them which storages and channels, pages may have that are loaded from now on. */
  setCookies(allowed: keyof typeof COOKIE_BEHAVIORS): Promise<void>;
  close(): Promise<void>;
}

/** The values of the preference `network.cookie.cookieBehavior`. */
const COOKIE_BEHAVIORS = { ofAllSites: 0, ofThisSite: 1, none: 2 };

/** Nothing outside of this machine is reached: anything that is not local goes to a proxy that does not exist. */
const PREFERENCES = {
  "network.proxy.type": 1,
  "network.proxy.http": "127.0.0.1",
  "network.proxy.http_port": 9,
  "network.proxy.ssl": "127.0.0.1",
  "network.proxy.ssl_port": 9,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.dns.disablePrefetch": true,
  "services.settings.server": "data:,#none",
  "app.update.disabledForTesting": true,
  "app.normandy.enabled": false,
  "browser.region.network.url": "",
  "browser.safebrowsing.update.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.server": "data:,",
  "extensions.update.enabled": false,
  "dom.push.connection.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.page": 0,
};

interface Answer {
  readonly type: "success" | "error";
  readonly id: number;
  readonly result: unknown;
  readonly message?: string;
}

/** A page, or a frame of one. */
interface Context {
  readonly context: string;
  readonly children: readonly Context[];
}

/** What `script.callFunction` answers with; the functions here return a JSON text, or nothing. */
interface Returned {
  readonly type: "success" | "exception";
  readonly result?: { readonly value?: string };
  readonly exceptionDetails?: { readonly text: string };
}

/**
 * A Firefox, spoken to directly.
 * @see https://www.w3.org/TR/webdriver-bidi/
 */
export async function launchFirefox(): Promise<Firefox> {
  const profile = await mkdtemp(join(tmpdir(), "ssetarget-firefox-"));
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  await writeFile(join(profile, "user.js"), lines.join(""));
  // The browser's own window is where preferences are set.
  const remote = ["--remote-debugging-port", "0", "--remote-allow-system-access"];
  const args = ["--headless", "--no-remote", "--profile", profile, ...remote, "about:blank"];
  // It keeps a cache beside the profile, in its home.
  const env = { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: "1" };
  const child = spawn(requireFirefox(), args, { env, stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  const address = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stderr.on("data", (chunk: Buffer) => {
      if (output.length < 100_000) output += chunk.toString();
      const found = /listening on (ws:\/\/\S+)/.exec(output);
      if (found !== null) resolve(found[1] as string);
    });
    void exited.then(() => reject(new Error(`Firefox did not start: ${output}`)));
  });
  const socket = new WebSocket(`${address}/session`);
  await once(socket, "open");
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.addEventListener("message", ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let lastId = 0;
  const send = async <R = unknown>(method: string, params: object = {}): Promise<R> => {
    const { type, result, message } = await new Promise<Answer>((resolve) => {
      waiting.set(++lastId, resolve);
      socket.send(JSON.stringify({ id: lastId, method, params }));
    });
    if (type === "error") throw new Error(`${method}: ${message}`);
    return result as R;
  };
  await send("session.new", { capabilities: {} });

  async function contexts(of: object): Promise<readonly Context[]> {
    return (await send<{ contexts: Context[] }>("browsingContext.getTree", of)).contexts;
  }

  function tabOf(context: string): FirefoxTab {
    const evaluate: FirefoxTab["evaluate"] = async (code, ...given) => {
      const text = given.map((each) => JSON.stringify(each)).join(",");
      const { result, exceptionDetails } = await send<Returned>("script.callFunction", {
        functionDeclaration: `async () => JSON.stringify(await (${code.toString()})(${text}))`,
        awaitPromise: true,
        target: { context },
      });
      if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
      return (result?.value === undefined ? undefined : JSON.parse(result.value)) as never;
    };
    return {
      evaluate,
      async until(code, ...given) {
        while (!(await evaluate(code, ...given))) await new Promise((resolve) => setTimeout(resolve, 20));
      },
      reload: async () => void (await send("browsingContext.reload", { context, wait: "complete" })),
      async frame() {
        const [page] = await contexts({ root: context });
        return tabOf(page?.children[0]?.context as string);
      },
      close: async () => void (await send("browsingContext.close", { context })),
    };
  }

  return {
    async openTab(url) {
      const { context } = await send<{ context: string }>("browsingContext.create", { type: "tab" });
      await send("browsingContext.navigate", { context, url, wait: "complete" });
      return tabOf(context);
    },
    async setCookies(allowed) {
      const [window] = await contexts({ "moz:scope": "chrome" });
      await tabOf(window?.context as string).evaluate(
        (value) => Services.prefs.setIntPref("network.cookie.cookieBehavior", value),
        COOKIE_BEHAVIORS[allowed],
      );
    },
    async close() {
      socket.close();
      child.kill("SIGKILL");
      await exited;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
