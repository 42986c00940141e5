import { DurableObject } from "cloudflare:workers";

/** Lets a test decide when a step goes on. */
export class Switches extends DurableObject {
  readonly #on = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  async turnOn(name: string): Promise<void> {
    this.#on.add(name);
    this.#waiting.get(name)?.();
  }

  async untilOn(name: string): Promise<void> {
    if (this.#on.has(name)) return;
    await new Promise<void>((resolve) => this.#waiting.set(name, resolve));
  }
}
