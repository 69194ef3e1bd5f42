import { systemClock, unlessAborted } from "./clock.js";
import { ApiError, SessionRevoked, TokenExpired, TokenInvalid } from "./errors.js";
import { remember } from "./etags.js";
import type { SessionLogout, TokenPair } from "./generated/models.js";
import { OPERATIONS } from "./generated/table.js";
import { exchange, type Answer, type Limits, type Request } from "./http.js";
import type { Input, Operation } from "./operation.js";
import type { AnyOptions, CallOptions, ClientOptions } from "./options.js";
import { cursorOf, type Page } from "./pages.js";
import { build, raiseUnless } from "./requests.js";
import { Retries } from "./retry.js";
import { Session } from "./session.js";
import { MemoryTokens, type Tokens } from "./tokens.js";

const TIMEOUT = 10_000;
/** After these the session is gone; `auth.logout` has its own rules. */
const LAST: ReadonlySet<Operation> = new Set([
  OPERATIONS["auth.logout_all"],
  OPERATIONS["users.me.delete"],
]);

/** What every method calls. */
export class Core {
  readonly session: Session;
  readonly #baseUrl: string;
  readonly #options: ClientOptions;
  readonly #retries: Retries;

  constructor(baseUrl: string, options: ClientOptions) {
    const clock = options.clock ?? systemClock;
    const store = options.tokens ?? new MemoryTokens();
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
    this.#options = options;
    this.#retries = new Retries(options.retries ?? {}, clock);
    this.session = new Session(store, this.#spend, clock, options.onSessionEnd);
  }

  async call<T>(operation: Operation, input: Input, options: AnyOptions): Promise<T> {
    if (operation === OPERATIONS["auth.logout"]) return (await this.#logout(input, options)) as T;
    const result = await this.#call<T>(operation, input, options);
    if (operation === OPERATIONS["auth.login"]) await this.session.keep(result as TokenPair);
    if (LAST.has(operation)) await this.session.forget();
    return result;
  }

  async *iterate<T>(
    operation: Operation,
    input: Input,
    options: CallOptions,
  ): AsyncGenerator<T, void> {
    for (let query = input.query; ; ) {
      const page = await this.call<Page<T>>(operation, { ...input, query }, options);
      yield* page.results;
      if (page.next === null) return;
      query = { ...query, cursor: cursorOf(page.next) };
    }
  }

  async refresh({ signal }: Pick<CallOptions, "signal">): Promise<void> {
    const kept = await this.session.tokens();
    if (!kept) throw new TypeError("no tokens are kept: log in first");
    await unlessAborted(this.session.renew(kept), signal);
  }

  readonly #spend = (refresh: string, idempotencyKey: string): Promise<TokenPair> =>
    this.#call(OPERATIONS["auth.refresh"], { body: { refresh } }, { idempotencyKey });

  /** By the refresh token, since that ends the session even if the access token has expired. */
  async #logout(input: Input, options: AnyOptions): Promise<void> {
    const kept = await this.session.tokens();
    const body: SessionLogout = input.body ?? (kept ? { refresh: kept.refresh } : {});
    const operation = { ...OPERATIONS["auth.logout"], bearer: body.refresh === undefined };
    await this.#call(operation, { body }, options);
    if (!input.body || body.refresh === kept?.refresh) await this.session.forget();
  }

  async #call<T>(operation: Operation, input: Input, options: AnyOptions): Promise<T> {
    const request = build(this.#baseUrl, this.#options.headers, operation, input, options);
    const deadline = this.#retries.deadline();
    const timeout = options.timeout ?? this.#options.timeout ?? TIMEOUT;
    const limits = { timeout, signal: options.signal, deadline };
    let used: Tokens | undefined;
    const run = (): Promise<Answer> =>
      this.#retries.run(operation.idempotency, limits, async (timeout) => {
        used = operation.bearer ? await this.session.tokens() : undefined;
        return this.#attempt(operation, request, used, { ...limits, timeout }, options);
      });
    const answer = await run().catch(async (error: unknown) => {
      if (!used || !(error instanceof TokenExpired)) throw error;
      if (!(await unlessAborted(this.session.renew(used), options.signal))) throw error;
      return run();
    });
    remember(answer.body, answer.headers.get("ETag"));
    return (answer.status === 304 ? options.ifNoneMatch : answer.body) as T;
  }

  async #attempt(
    operation: Operation,
    request: Request,
    tokens: Tokens | undefined,
    limits: Limits,
    options: AnyOptions,
  ): Promise<Answer> {
    const bearer = tokens && { Authorization: `Bearer ${tokens.access}` };
    const send = this.#options.fetch ?? ((url, init) => fetch(url, init));
    const headers = { ...request.headers, ...bearer };
    const answer = await exchange(send, { ...request, headers }, limits);
    try {
      raiseUnless(answer, operation, options);
    } catch (error) {
      if (tokens && isEnd(error)) await this.session.end(tokens, error);
      throw error;
    }
    return answer;
  }
}

/** Whether a refusal says that the tokens it was given are good for nothing. */
function isEnd(error: unknown): error is ApiError {
  return error instanceof SessionRevoked || (error instanceof TokenInvalid && error.status === 401);
}
