import type { Clock } from "./clock.js";
import { ApiError, ConnectionFailed } from "./failures.js";
import type { Limits } from "./http.js";
import type { Idempotency } from "./operation.js";

/** How failures are repeated. Times are milliseconds. */
export interface RetryOptions {
  /** How often a call is tried at most. 4 by default. */
  attempts?: number;
  /** The first pause is random up to this, each further one up to twice as much. 250 by default. */
  baseDelay?: number;
  /** Up to this at most. 8,000 by default. */
  maxDelay?: number;
  /** The longest `Retry-After` to wait for; a longer one is raised at once. 30,000 by default. */
  maxWait?: number;
  /** When a call gives up, whatever is left of its attempts. 60,000 by default. */
  totalTime?: number;
}

const DEFAULTS = {
  attempts: 4,
  baseDelay: 250,
  maxDelay: 8_000,
  maxWait: 30_000,
  totalTime: 60_000,
};

export class Retries {
  readonly #options: Required<RetryOptions>;
  readonly #clock: Clock;

  constructor(options: RetryOptions, clock: Clock) {
    this.#options = { ...DEFAULTS, ...options };
    this.#clock = clock;
  }

  /** When a call that begins now gives up. */
  deadline(): number {
    return this.#clock.now() + this.#options.totalTime;
  }

  /** What an attempt returns, or what the last one throws. */
  async run<T>(
    idempotency: Idempotency,
    limits: Limits & { readonly deadline: number },
    attempt: (timeout: number) => Promise<T>,
  ): Promise<T> {
    for (let count = 1; ; count++) {
      try {
        return await attempt(Math.min(limits.timeout, limits.deadline - this.#clock.now()));
      } catch (error) {
        if (count >= this.#options.attempts || !isRepeatable(error, idempotency)) throw error;
        const pause = this.#pause(count, error instanceof ApiError ? error.retryAfter : undefined);
        if (pause === undefined || this.#clock.now() + pause >= limits.deadline) throw error;
        await this.#clock.sleep(pause, limits.signal);
      }
    }
  }

  /** Milliseconds until the next attempt; undefined if that would be too long. */
  #pause(count: number, retryAfter: number | undefined): number | undefined {
    const { baseDelay, maxDelay, maxWait } = this.#options;
    const jitter = this.#clock.random();
    if (retryAfter === undefined) return jitter * Math.min(maxDelay, baseDelay * 2 ** (count - 1));
    // Not all who were told the same moment come at the same moment.
    return retryAfter * 1000 > maxWait ? undefined : retryAfter * 1000 + jitter * baseDelay;
  }
}

/** Whether trying again can help and does no harm. */
function isRepeatable(error: unknown, idempotency: Idempotency): boolean {
  if (error instanceof ConnectionFailed) return idempotency !== "ignored";
  if (!(error instanceof ApiError)) return false;
  if (error.code === "idempotency_in_progress") return true;
  // These two were not executed for certain; a gateway that lost the service cannot know.
  if (error.status === 429 || error.status === 503) return true;
  return (error.status === 502 || error.status === 504) && idempotency !== "ignored";
}
