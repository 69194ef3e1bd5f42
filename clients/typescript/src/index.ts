export { Client } from "./client.js";
export type { Clock } from "./clock.js";
export * as errors from "./errors.js";
export { etagOf } from "./etags.js";
export type * from "./generated/models.js";
export type {
  CallOptions,
  ClientOptions,
  ReadOptions,
  UpdateOptions,
  WriteOptions,
} from "./options.js";
export { cursorOf } from "./pages.js";
export type { RetryOptions } from "./retry.js";
export { MemoryTokens } from "./tokens.js";
export type { Tokens, TokenStore } from "./tokens.js";
