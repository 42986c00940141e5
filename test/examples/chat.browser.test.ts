import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { answerTo } from "../../examples/chat/answers.ts";
import { fromOwnPage } from "../support/strangers.ts";
import { launchChromium } from "../support/chromium.ts";
import { startExample, type RunningExample } from "../support/start-example.ts";

let browser: Browser;
let chat: RunningExample;
/** One that takes minutes for an answer: whatever is done while it writes, it is still writing. */
let slowChat: RunningExample;
let context: BrowserContext;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  [browser, chat, slowChat] = await Promise.all([
    launchChromium(),
    startExample("examples/chat/server.ts", { MS_PER_WORD: "30" }),
    startExample("examples/chat/server.ts", { MS_PER_WORD: "1000" }),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([chat?.stop(), slowChat?.stop()]);
});
beforeEach(async () => {
  problems.length = 0;
  context = await browser.newContext();
  page = await openPage(chat.url);
});
afterEach(async () => {
  await context?.close();
  expect(problems).toEqual([]);
});

async function openPage(url: string): Promise<Page> {
  const opened = await context.newPage();
  opened.on("pageerror", (error) => problems.push(String(error)));
  opened.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  await opened.goto(url);
  return opened;
}

const ask = async (question: string) => {
  await page.getByLabel("Your question").fill(question);
  await page.keyboard.press("Enter");
};
const answerOn = (where: Page) => where.locator(".turn .text").last();
const textOn = async (where: Page) => (await answerOn(where).textContent()) ?? "";
const endOf = (where: Page) => where.locator(".turn .end").last();
const isDone = (where: Page) => where.locator('.turn[data-state="done"]').last().waitFor();
const says = (where: Page, words: string) => answerOn(where).getByText(words).waitFor();

const RELOADING = "What happens when I reload?";

describe("the chat", () => {
  it("answers what it is asked, word by word", async () => {
    await page.getByRole("button", { name: RELOADING }).click();
    await says(page, "Reload");
    await isDone(page);
    expect(await textOn(page)).toBe(answerTo(RELOADING));
    expect(await endOf(page).isVisible()).toBe(false);
    expect(await page.getByRole("button", { name: "Send" }).isVisible()).toBe(true);
    // A question that follows has an answer of its own.
    await ask("fail, please");
    await endOf(page).getByText("Something went wrong").waitFor();
    expect(await page.locator(".turn").count()).toBe(2);
  });

  it("goes on where it was when the page is reloaded in the middle", async () => {
    await ask(RELOADING);
    await says(page, "word by word");
    expect(await page.locator('.turn[data-state="writing"]').count()).toBe(1);
    await page.reload();
    await isDone(page);
    expect(await textOn(page)).toBe(answerTo(RELOADING));
    await page.reload();
    await isDone(page);
    expect(await textOn(page)).toBe(answerTo(RELOADING));
    expect(await page.locator(".asked").allTextContents()).toEqual([RELOADING]);
  });

  it("shows a second tab the same, which may ask as well", async () => {
    const second = await openPage(page.url());
    await ask(RELOADING);
    await Promise.all([says(page, "word by word"), says(second, "word by word")]);
    const late = await openPage(page.url());
    await Promise.all([page, second, late].map(isDone));
    for (const each of [page, second, late]) expect(await textOn(each)).toBe(answerTo(RELOADING));
    await second.getByLabel("Your question").fill("tabs?");
    await second.getByRole("button", { name: "Send" }).click();
    await says(page, "Open this page");
  });

  it("is stopped from either tab, the model too", async () => {
    page = await openPage(slowChat.url);
    const second = await openPage(page.url());
    await ask(RELOADING);
    await Promise.all([says(page, "Reload"), says(second, "Reload")]);
    expect(await page.getByRole("button", { name: "Send" }).isVisible()).toBe(false);
    // Enter says why nothing is sent, and takes nothing away.
    await page.getByLabel("Your question").fill("tabs?");
    await page.getByLabel("Your question").press("Enter");
    await page.getByText("Wait for the answer, or stop it.").waitFor();
    expect(await page.getByLabel("Your question").inputValue()).toBe("tabs?");
    await second.getByRole("button", { name: "Stop" }).click();
    await Promise.all([page, second].map((each) => endOf(each).getByText("Stopped").waitFor()));
    expect(await page.getByText("Wait for the answer, or stop it.").count()).toBe(0);
    expect(await page.locator(".turn").last().getAttribute("data-end")).toBe("stopped");
    expect(await textOn(page)).toBe(await textOn(second));
    expect((await textOn(page)).length).toBeLessThan(answerTo(RELOADING).length);
    expect(slowChat.output()).toMatch(/the model was aborted after \d+ words/);
    // One who comes later is told as well, and one can go on.
    const late = await openPage(page.url());
    await endOf(late).getByText("Stopped").waitFor();
    expect(await textOn(late)).toBe(await textOn(page));
    await late.getByLabel("Your question").fill("tabs?");
    await late.getByRole("button", { name: "Send" }).click();
    await says(second, "Open");
    await page.bringToFront();
    await page.getByRole("button", { name: "Stop" }).click();
    await Promise.all([second, late].map((each) => endOf(each).getByText("Stopped").waitFor()));
    expect(await second.locator(".turn").count()).toBe(2);
  });

  it("tells of a failure without what is not for pages", async () => {
    await ask("fail, please");
    await endOf(page).getByText("Something went wrong: The server could not continue.").waitFor();
    expect(await textOn(page)).not.toBe("");
    expect(await page.locator(".turn").last().getAttribute("data-end")).toBe("failed");
    expect(await page.locator("body").textContent()).not.toContain("asked to fail");
    expect(chat.output()).toContain("asked to fail");
  });

  it("goes on after the network was lost", async () => {
    await ask(RELOADING);
    await says(page, "word by word");
    await context.setOffline(true);
    await context.setOffline(false);
    await isDone(page);
    expect(await textOn(page)).toBe(answerTo(RELOADING));
  });

  it("shows nothing of what somebody else asks", async () => {
    const other = await openPage(chat.url);
    expect(other.url()).not.toBe(page.url());
    await ask(RELOADING);
    await says(page, "Reload");
    expect(await other.locator(".turn").count()).toBe(0);
    expect(await other.getByRole("heading", { name: "Ask something" }).isVisible()).toBe(true);
  });

  it("keeps a question from being more than text", async () => {
    await ask("<img src=x onerror=alert(1)>");
    await page.locator(".asked").getByText("<img src=x onerror=alert(1)>").waitFor();
    expect(await page.locator(".asked img").count()).toBe(0);
  });

  it("says so when the conversation is not there, on a phone too, and asks for nothing then", async () => {
    const gone = await context.newPage();
    await gone.setViewportSize({ width: 360, height: 640 });
    await gone.goto(`${chat.url}/c/nowhere`);
    const status = gone.getByText("This chat no longer exists");
    await status.waitFor();
    expect(await gone.getByLabel("Your question").isDisabled()).toBe(true);
    expect(await gone.getByRole("button", { name: RELOADING }).isDisabled()).toBe(true);
    // In one line, and nothing is wider than the screen.
    expect((await status.boundingBox())?.height).toBeLessThan(30);
    expect(await gone.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  });

  it("shows the end of an answer to one who reads at its end", async () => {
    await page.setViewportSize({ width: 360, height: 480 });
    await ask(`${"so much, ".repeat(60)} reload?`);
    await says(page, "Reload");
    await page.getByRole("button", { name: "Stop" }).click();
    await endOf(page).getByText("Stopped").waitFor();
    const [end, composer] = await Promise.all([endOf(page).boundingBox(), page.locator("#composer").boundingBox()]);
    expect((end?.y ?? 0) + (end?.height ?? 0)).toBeLessThanOrEqual(composer?.y ?? 0);
  });

  it("lets no page wait for an answer that was begun by a server which is no more", async () => {
    expect((await fetch(`${chat.url}/chat/${crypto.randomUUID()}/sse`)).status).toBe(404);
  });

  it("refuses a question that is none", async () => {
    for (const body of ["null", "[]", "{", '{"conversation":{}}'])
      expect((await fromOwnPage(`${chat.url}/chat`, body)).status).toBeGreaterThanOrEqual(400);
    for (const body of ["null", "[]", "{"])
      expect((await fromOwnPage(`${chat.url}/chat`, body)).status).toBeLessThan(500);
  });
});
