/** What the core knows of an operation; the table of them all is generated. */
export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its parameters in braces: `/api/v1/users/{user_id}/`. */
  readonly path: string;
  /** Whether the access token is sent. */
  readonly bearer: boolean;
  readonly idempotency: Idempotency;
  /** Statuses from 400 on that are answers and no errors: health documents. */
  readonly failing?: readonly number[];
}

/**
 * What becomes of an operation that is repeated:
 *
 * - `safe`: it only reads.
 * - `stored`: its first answer comes again, by its Idempotency-Key.
 * - `recovered`: the same, for the answer of a refresh.
 * - `ignored`: it is executed again; the key means nothing.
 */
export type Idempotency = "safe" | "stored" | "recovered" | "ignored";

/** The values of a call. */
export interface Input {
  /** The parameters of the path, in its order. */
  readonly path?: readonly string[];
  readonly query?: object | undefined;
  readonly body?: object | undefined;
}

/** Path and query of a call. Values that are undefined are left out. */
export function target({ path }: Operation, { path: values = [], query = {} }: Input): string {
  const rest = [...values];
  const filled = path.replace(/\{\w+\}/g, () => encodeURIComponent(rest.shift() ?? ""));
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length > 0 ? `${filled}?${search}` : filled;
}

/** A new Idempotency-Key. `crypto.randomUUID` would want https. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
