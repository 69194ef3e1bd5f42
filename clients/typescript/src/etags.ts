// Beside the objects and not in them: what the service answers stays what it is.
const etags = new WeakMap<object, string>();

/** The ETag that an object was answered with; undefined if there was none, and for copies. */
export function etagOf(value: object): string | undefined {
  return etags.get(value);
}

export function remember(value: unknown, etag: string | null): void {
  if (etag !== null && typeof value === "object" && value !== null) etags.set(value, etag);
}

/**
 * The headers that make a call conditional.
 *
 * @throws TypeError if `ifMatch` has no ETag: changing unconditionally was not asked for.
 */
export function conditions(options: {
  ifMatch?: object | string;
  ifNoneMatch?: object;
}): Record<string, string> {
  const { ifMatch, ifNoneMatch } = options;
  const match = typeof ifMatch === "object" ? etagOf(ifMatch) : ifMatch;
  if (ifMatch !== undefined && match === undefined) {
    throw new TypeError("ifMatch has no ETag: pass what the client returned, or its etagOf()");
  }
  const noneMatch = ifNoneMatch && etagOf(ifNoneMatch);
  return { ...(match && { "If-Match": match }), ...(noneMatch && { "If-None-Match": noneMatch }) };
}
