import { SSETargetError } from "../util/errors.ts";

/** Why what was made without a path serves nothing. */
export function pathless(owner: string, example: string): SSETargetError {
  return new SSETargetError(
    "invalid-option",
    `this ${owner} was made without a path, to write only, and serves nothing; give it one: \`new ${owner}(${example}, …)\``,
  );
}

/** Why something needs at least a path or a store. */
export function storeOrPath(owner: string): SSETargetError {
  return new SSETargetError(
    "invalid-option",
    `\`new ${owner}\` needs a path to serve, or a \`store\` to write to, got neither`,
  );
}
