/** Names that JavaScript itself asks for; an RPC stub would take them for methods of the other side. */
const NEVER_PASSED: ReadonlySet<PropertyKey> = new Set(["then", "toJSON"]);

/**
 * A base class for wrappers: what the subclass does not have is taken from the wrapped object, so that methods newer
 * than the wrapper still work.
 *
 * The constructor answers with a proxy. Private fields of subclasses come to lie on that proxy, because a derived
 * constructor goes on with whatever its base has returned.
 * @see https://tc39.es/ecma262/#sec-super-keyword-runtime-semantics-evaluation
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- what its constructor returns is all that it is for
export class PassThrough {
  constructor(wrapped: object) {
    const forward = (name: string): unknown => {
      const value = (wrapped as Readonly<Record<string, unknown>>)[name];
      // Not `bind`: on an RPC stub that would be one more method of the other side.
      return typeof value === "function" ? (...args: readonly unknown[]) => Reflect.apply(value, wrapped, args) : value;
    };
    return new Proxy(this, {
      get: (target, name, receiver) =>
        name in target || typeof name === "symbol" || NEVER_PASSED.has(name)
          ? Reflect.get(target, name, receiver)
          : forward(name),
    });
  }
}
