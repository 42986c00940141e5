import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireChromium } from "../../../scripts/programs.ts";
import { until } from "../../support/until.ts";

/** A tab of a browser as people have it: all but one are in the background. */
export interface Tab {
  evaluate<R, A extends readonly unknown[]>(code: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  /** Waits until it is true in the page, as seen from without: timers in the background are slow. */
  until<A extends readonly unknown[]>(code: (...args: A) => boolean, ...args: A): Promise<void>;
  /** Goes to another page; resolves when that has begun. */
  navigate(url: string): Promise<void>;
  goBack(): Promise<void>;
  activate(): Promise<void>;
  freeze(): Promise<void>;
  unfreeze(): Promise<void>;
  close(): Promise<void>;
}

export interface TabBrowser {
  openTab(url: string): Promise<Tab>;
  close(): Promise<void>;
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

const ARGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

/**
 * A Chromium whose tabs are hidden, throttled and frozen as they are for people. Playwright keeps all pages visible, so that freezing them does
 * nothing; this talks to the browser itself.
 * @see https://chromedevtools.github.io/devtools-protocol/
 */
export async function launchTabBrowser(): Promise<TabBrowser> {
  const profile = await mkdtemp(join(tmpdir(), "ssetarget-tabs-"));
  const child = spawn(requireChromium(), [...ARGS, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(child, "exit");
  const address = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stderr.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const found = /ws:\/\/\S+/.exec(output);
      if (found !== null) resolve(found[0]);
    });
    void exited.then(() => reject(new Error(`Chromium did not start: ${output}`)));
  });
  const socket = new WebSocket(address);
  await once(socket, "open");
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.addEventListener("message", ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer & { readonly id?: number };
    if (answer.id === undefined) return;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let lastId = 0;
  const send = async <R = unknown>(method: string, params: object = {}, sessionId?: string): Promise<R> => {
    const { result, error } = await new Promise<Answer>((resolve) => {
      waiting.set(++lastId, resolve);
      socket.send(JSON.stringify({ id: lastId, method, params, sessionId }));
    });
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result as R;
  };

  async function openTab(url: string): Promise<Tab> {
    const { targetId } = await send<{ targetId: string }>("Target.createTarget", { url });
    const { sessionId } = await send<{ sessionId: string }>("Target.attachToTarget", { targetId, flatten: true });
    const evaluate: Tab["evaluate"] = async (code, ...args) => {
      const expression = `(${code.toString()})(${args.map((each) => JSON.stringify(each)).join(",")})`;
      const { result, exceptionDetails } = await send<{
        result: { value: unknown };
        exceptionDetails?: { exception?: { description?: string } };
      }>("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, sessionId);
      if (exceptionDetails !== undefined)
        throw new Error(exceptionDetails.exception?.description ?? "the page has thrown");
      return result.value as never;
    };
    const tab: Tab = {
      evaluate,
      until: (code, ...args) =>
        until(
          () => evaluate(code, ...args),
          () => `the page says that ${code.toString()}`,
        ),
      navigate: async (to) => void (await send("Page.navigate", { url: to }, sessionId)),
      async goBack() {
        const { currentIndex, entries } = await send<{ currentIndex: number; entries: { id: number }[] }>(
          "Page.getNavigationHistory",
          {},
          sessionId,
        );
        await send("Page.navigateToHistoryEntry", { entryId: entries[currentIndex - 1]?.id }, sessionId);
      },
      activate: async () => void (await send("Target.activateTarget", { targetId })),
      freeze: async () => void (await send("Page.setWebLifecycleState", { state: "frozen" }, sessionId)),
      unfreeze: async () => void (await send("Page.setWebLifecycleState", { state: "active" }, sessionId)),
      close: async () => void (await send("Target.closeTarget", { targetId })),
    };
    await tab.until(() => "page" in globalThis);
    return tab;
  }

  return {
    openTab,
    async close() {
      socket.close();
      child.kill("SIGKILL");
      await exited;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
