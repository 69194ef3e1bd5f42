import type { Clock } from "./clock.js";
import { ApiError, RefreshTokenRotated } from "./errors.js";
import type { TokenPair } from "./generated/models.js";
import { newKey } from "./operation.js";
import type { Tokens, TokenStore } from "./tokens.js";

/** Exchanges a refresh token, with the Idempotency-Key. */
export type Spend = (refresh: string, key: string) => Promise<TokenPair>;

/** Milliseconds between looks for the tokens of another tab, which may not have saved them yet. */
const PAUSES = [0, 50, 100, 200, 400, 800];

/** The tokens: kept, renewed once for all who need it, given up when the session is over. */
export class Session {
  readonly #store: TokenStore;
  readonly #spend: Spend;
  readonly #clock: Clock;
  readonly #onEnd: (error: ApiError) => void;
  #renewal: Promise<Tokens | undefined> | undefined;
  #end: { refresh: string; error: ApiError; cleared: Promise<void> } | undefined;

  constructor(
    store: TokenStore,
    spend: Spend,
    clock: Clock,
    onEnd: (error: ApiError) => void = () => undefined,
  ) {
    this.#store = store;
    this.#spend = spend;
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  async tokens(): Promise<Tokens | undefined> {
    return (await this.#store.load()) ?? undefined;
  }

  async keep({ access, refresh }: TokenPair): Promise<Tokens> {
    const tokens = { access, refresh, refreshKey: newKey() };
    await this.#store.save(tokens);
    return tokens;
  }

  async forget(): Promise<void> {
    await this.#store.clear();
  }

  /**
   * The tokens to go on with; undefined if somebody has logged out. One exchange serves everybody
   * who asks while it is under way.
   *
   * @param used - The tokens that have expired.
   * @throws ApiError of the refresh; if that says that the session is over, the tokens are cleared.
   */
  renew(used: Tokens): Promise<Tokens | undefined> {
    this.#renewal ??= this.#renew(used).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  /** The session of these tokens is over, says the service: once cleared, once told. */
  async end({ refresh }: Tokens, error: ApiError): Promise<void> {
    if (this.#end?.refresh !== refresh) {
      this.#end = { refresh, error, cleared: this.#clear(refresh, error) };
    }
    await this.#end.cleared;
  }

  async #renew(used: Tokens): Promise<Tokens | undefined> {
    const kept = await this.tokens();
    if (this.#end?.refresh === used.refresh) throw this.#end.error; // a straggler
    if (kept?.access !== used.access) return kept; // somebody was faster, or has logged out
    const refreshKey = kept.refreshKey ?? newKey();
    // Saved before it is used: the key must survive whatever happens to the answer.
    if (!kept.refreshKey) await this.#store.save({ ...kept, refreshKey });
    try {
      return await this.#replace(kept, await this.#spend(kept.refresh, refreshKey));
    } catch (error) {
      const found = error instanceof RefreshTokenRotated && (await this.#fromElsewhere(kept));
      if (found) return found;
      if (error instanceof ApiError && error.status === 401) await this.end(kept, error);
      throw error;
    }
  }

  /** Keep the new pair, unless somebody has logged in or out meanwhile. */
  async #replace(spent: Tokens, pair: TokenPair): Promise<Tokens> {
    const kept = await this.tokens();
    if (kept?.refresh === spent.refresh) return this.keep(pair);
    return kept ?? pair;
  }

  async #fromElsewhere(spent: Tokens): Promise<Tokens | undefined> {
    for (const pause of PAUSES) {
      await this.#clock.sleep(pause);
      const kept = await this.tokens();
      if (kept?.refresh !== spent.refresh) return kept;
    }
    return undefined;
  }

  async #clear(refresh: string, error: ApiError): Promise<void> {
    const kept = await this.tokens();
    if (kept?.refresh !== refresh) return; // of another login
    await this.#store.clear();
    this.#onEnd(error);
  }
}
