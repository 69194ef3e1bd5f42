import { Core } from "./core.js";
import { Api } from "./generated/api.js";
import type { ClientOptions } from "./options.js";

/**
 * A client of the service: `new Client("https://api.example.com")`. Its methods are grouped as the
 * operations are: `api.users.me.get()`.
 */
export class Client extends Api {
  readonly #core: Core;

  /** @param baseUrl - Where the service answers, without `/api/v1/`. */
  constructor(baseUrl: string, options: ClientOptions = {}) {
    const core = new Core(baseUrl, options);
    super(core);
    this.#core = core;
  }

  /** Whether tokens are kept. Whether they still open anything, only the service knows. */
  async isSignedIn(): Promise<boolean> {
    return (await this.#core.session.tokens()) !== undefined;
  }
}
