import { SSETargetError } from "../util/errors.ts";
import { isWellFormed } from "../event/event.ts";
import { describeValue } from "../util/options.ts";

/** The parts of a path by their names in the pattern: `{ org: "acme", id: "r1" }` for `/orgs/:org/runs/:id/sse`. */
export type PathParams<P extends string = string> = string extends P
  ? Readonly<Record<string, string>>
  : { readonly [name in ParamNames<P>]: string };

type ParamNames<P extends string> = P extends `${string}/:${infer Rest}`
  ? Rest extends `${infer Name}/${infer Tail}`
    ? Name | ParamNames<`/${Tail}`>
    : Rest
  : never;

/** What other routers take for a pattern. */
const FOREIGN_PART = /\*|^[:{[(]/;

/** Whether this could be meant as a pattern, and is no path. */
export function isPattern(path: string): boolean {
  return path.split("/").some((part) => FOREIGN_PART.test(part));
}

/**
 * A path with named parts, such as `/runs/:id/sse` or `/orgs/:org/runs/:id/sse`: from path to stream name and back.
 *
 * The name of a stream is the part itself if there is one. Of several it is the parts in their order, each encoded as in a URL, with `/`
 * between them: `acme/r1`. So no two streams have one name, whatever their parts hold.
 */
export class PathPattern {
  readonly #parts: readonly string[];
  /** Names of the named parts, in their order. */
  readonly #names: readonly string[];

  /** @throws SSETargetError `invalid-option` */
  constructor(pattern: string) {
    const parts = typeof pattern === "string" ? pattern.split("/") : [];
    const names = parts.filter((part) => part.startsWith(":")).map((part) => part.slice(1));
    const isKnown = parts.every((part) => /^:\w+$/.test(part) || !(part.includes(":") || FOREIGN_PART.test(part)));
    const literal = parts.map((part) => (part.startsWith(":") ? "x" : part)).join("/");
    const isPath = parts.length > 1 && parts[0] === "" && new URL(`http://localhost${literal}`).pathname === literal;
    if (!isKnown || !isPath || names.length === 0 || new Set(names).size < names.length) {
      throw new SSETargetError(
        "invalid-option",
        `\`path\` must be the path of a URL, as requests send it, with one or more parts like ":id", each with a different name, such as "/runs/:id/sse" or "/orgs/:org/runs/:id/sse", got ${describeValue(pattern)}`,
      );
    }
    this.#parts = parts;
    this.#names = names;
  }

  /** The name in a path; `undefined` if the path is another one or its escapes are broken. */
  match(pathname: string): string | undefined {
    const given = pathname.split("/");
    if (given.length !== this.#parts.length) return undefined;
    const values: string[] = [];
    for (const [index, part] of this.#parts.entries()) {
      const text = given[index] as string;
      if (!part.startsWith(":")) {
        if (text !== part) return undefined;
        continue;
      }
      const value = decode(text);
      if (value === undefined || value === "") return undefined;
      values.push(value);
    }
    return this.#join(values);
  }

  /** The name of the stream that has these parts. @throws SSETargetError `invalid-stream-name` */
  nameOf(params: PathParams): string {
    const values = this.#names.map((name) => {
      const value: unknown = Object.hasOwn(params, name) ? params[name] : undefined;
      if (typeof value === "string" && isPart(value)) return value;
      throw invalidName(`\`${name}\` must be a text that can stand in a URL, got ${describeValue(value)}`);
    });
    const other = Object.keys(params).find((name) => !this.#names.includes(name));
    if (other === undefined) return this.#join(values);
    throw invalidName(`the path has no part "${other}", only ${this.#names.join(", ")}`);
  }

  /** The parts of a name. @throws SSETargetError `invalid-stream-name` */
  paramsOf(name: string): PathParams {
    const [first = "", ...others] = this.#names;
    if (others.length === 0) {
      // They would be taken for directories in a URL.
      if (isPart(name)) return { [first]: name };
      throw invalidName(`a stream's name must be one that can stand in a URL, got ${describeValue(name)}`);
    }
    const values = name.split("/").map((text) => decode(text) ?? "");
    if (values.length === this.#names.length && values.every(isPart) && this.#join(values) === name) {
      return Object.fromEntries(this.#names.map((each, index) => [each, values[index] as string]));
    }
    throw invalidName(
      `a stream's name must have the parts ${this.#names.join(", ")}, each encoded as in a URL, with "/" between them, got ${describeValue(name)}; use \`stream({ ${this.#names.join(", ")} })\``,
    );
  }

  /** The path of a name. */
  pathOf(name: string): string {
    const params = this.paramsOf(name);
    const parts = this.#parts.map((part) => {
      return part.startsWith(":") ? encodeURIComponent(params[part.slice(1)] as string) : part;
    });
    return parts.join("/");
  }

  #join(values: readonly string[]): string {
    return this.#names.length === 1 ? (values[0] as string) : values.map(encodeURIComponent).join("/");
  }
}

/** A name of dots would be taken for a directory in a URL. */
function isPart(value: string): boolean {
  return value !== "" && value !== "." && value !== ".." && isWellFormed(value);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function invalidName(message: string): SSETargetError {
  return new SSETargetError("invalid-stream-name", message);
}

/** The error of something without a path that is asked to serve. */
export function pathless(owner: string, example: string): SSETargetError {
  return new SSETargetError(
    "invalid-option",
    `this ${owner} was made without a path, so it only writes; to serve clients, give it one: \`new ${owner}(${example}, …)\``,
  );
}

/** The error of something that has neither a path nor a store. */
export function storeOrPath(owner: string): SSETargetError {
  return new SSETargetError(
    "invalid-option",
    `\`new ${owner}\` needs a path to serve, or a \`store\` to write to, got neither`,
  );
}
