import type { RedisConnection } from "./redis-connection.ts";
import type { RedisScript } from "./redis-script.ts";
import { replyCode } from "./retry.ts";

/** Runs scripts, by name where the server knows them. */
export class ScriptRunner {
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  /** What the script answered: a list of texts. Rejects as the client does. */
  async run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<readonly string[]> {
    const rest = [String(keys.length), ...keys, ...args];
    const [key = ""] = keys;
    let reply: unknown;
    try {
      reply = await this.#connection.command(key, ["evalsha", script.sha, ...rest]);
    } catch (error) {
      if (replyCode(error) !== "NOSCRIPT") throw error;
      // A server that was started anew, or told to flush its scripts: running the text makes it known again.
      reply = await this.#connection.command(key, ["eval", script.text, ...rest]);
    }
    return Array.isArray(reply) ? reply.map(String) : [];
  }
}
