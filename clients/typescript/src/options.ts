import type { Clock } from "./clock.js";
import type { ApiError } from "./errors.js";
import type { RetryOptions } from "./retry.js";
import type { TokenStore } from "./tokens.js";

/** How a client behaves. */
export interface ClientOptions {
  /** Where tokens are kept. In memory, unless you say otherwise. */
  tokens?: TokenStore;
  /** How failures are repeated; `{ attempts: 1 }` repeats nothing. */
  retries?: RetryOptions;
  /** Milliseconds that one attempt may take. 10,000 by default. */
  timeout?: number;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** Called once when the session is over and the tokens are cleared: ask for a login. */
  onSessionEnd?: (error: ApiError) => void;
  /** Another `fetch`. */
  fetch?: typeof fetch;
  /** Another time, for tests. */
  clock?: Clock;
}

/** What every method takes last. */
export interface CallOptions {
  /** Gives the call up, with the signal's reason. */
  signal?: AbortSignal;
  /** Milliseconds that one attempt may take, instead of the client's. */
  timeout?: number;
  /** Sent with this call, besides the client's. */
  headers?: Record<string, string>;
}

/** Options of a call that changes something. */
export interface WriteOptions extends CallOptions {
  /** What makes repeating the call harmless. By default a new key, kept across its retries. */
  idempotencyKey?: string;
}

/** Options of reading something that has a version. */
export interface ReadOptions<T> extends CallOptions {
  /** What you have: it is returned as it is, unless it has changed. */
  ifNoneMatch?: T;
}

/** Options of changing something that has a version. */
export interface UpdateOptions<T> extends WriteOptions {
  /** What you have, or its ETag: `PreconditionFailed` if it has changed since. */
  ifMatch?: T | string;
}

/** All of them, as the core sees them. */
export type AnyOptions = UpdateOptions<object> & ReadOptions<object>;
