/** What a client keeps of a session. */
export interface Tokens {
  readonly access: string;
  readonly refresh: string;
  /** The Idempotency-Key that `refresh` is spent with: a lost answer is asked for with it again. */
  readonly refreshKey?: string;
}

/**
 * Where tokens are kept. It is asked before every call, so that all who share it,
 * the tabs of a browser, are logged in and out together.
 */
export interface TokenStore {
  /** The tokens; null or undefined if there are none. */
  load(): Promise<Tokens | null | undefined> | Tokens | null | undefined;
  save(tokens: Tokens): Promise<void> | void;
  clear(): Promise<void> | void;
}

/** Keeps tokens as long as the program runs. */
export class MemoryTokens implements TokenStore {
  #tokens: Tokens | undefined;

  load(): Tokens | undefined {
    return this.#tokens;
  }

  save(tokens: Tokens): void {
    this.#tokens = tokens;
  }

  clear(): void {
    this.#tokens = undefined;
  }
}
