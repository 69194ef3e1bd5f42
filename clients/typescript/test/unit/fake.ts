// A service that answers as a script says, and a clock that only goes when somebody waits.
import {
  Client,
  MemoryTokens,
  type ClientOptions,
  type Clock,
  type Tokens,
  type TokenStore,
} from "backend-client";

export interface Seen {
  method: string;
  /** Path and query. */
  url: string;
  headers: Headers;
  body: Record<string, unknown> | undefined;
}

export type Reply = (seen: Seen, init: RequestInit) => Response | Promise<Response>;

export class FakeClock implements Clock {
  readonly pauses: number[] = [];
  #now = 0;

  now(): number {
    return this.#now;
  }

  /** Half of whatever may be. */
  random(): number {
    return 0.5;
  }

  async sleep(milliseconds: number): Promise<void> {
    this.pauses.push(milliseconds);
    this.#now += milliseconds;
  }
}

export class FakeService {
  readonly seen: Seen[] = [];
  readonly clock = new FakeClock();
  readonly #script: Reply[];

  constructor(...script: Reply[]) {
    this.#script = script;
  }

  /** Answers by the script; its last line answers for good. */
  readonly fetch = async (url: unknown, init: RequestInit = {}): Promise<Response> => {
    const { pathname, search } = new URL(String(url));
    const body = init.body ? JSON.parse(String(init.body)) : undefined;
    const seen = {
      method: init.method ?? "GET",
      url: pathname.replace("/api/v1/", "") + search,
      headers: new Headers(init.headers),
      body,
    };
    this.seen.push(seen);
    const reply = this.#script.length > 1 ? this.#script.shift() : this.#script[0];
    if (!reply) throw new Error("the script is empty");
    return reply(seen, init);
  };

  client(options: ClientOptions = {}): Client {
    const { fetch, clock } = this;
    return new Client("http://service.test", { fetch, clock, ...options });
  }

  /** What was sent in a header, in each request. */
  sent(header: string): (string | null)[] {
    return this.seen.map(({ headers }) => headers.get(header));
  }

  get urls(): string[] {
    return this.seen.map(({ url }) => url);
  }
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return () => new Response(JSON.stringify(body), { status, headers });
}

export const done: Reply = () => new Response(null, { status: 204 });

export const me = { id: "1", email: "ada@example.com", first_name: "Ada" };

export function refusal(
  status: number,
  code: string,
  headers: Record<string, string> = {},
  errors: Record<string, string[]> = {},
): Reply {
  const envelope = { error: true, status_code: status, code, message: `It is ${code}`, errors };
  return json(status, { ...envelope, request_id: "request-1", timestamp: "…" }, headers);
}

/** The connection breaks. */
export const lost: Reply = () => Promise.reject(new TypeError("fetch failed"));

/** Nothing comes until the request is given up. */
export const silent: Reply = (_, { signal }) =>
  new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });

export const OLD: Tokens = { access: "access-0", refresh: "refresh-0", refreshKey: "key-0" };

export function pair(number: number): Reply {
  const body = { access: `access-${number}`, refresh: `refresh-${number}`, token_type: "Bearer" };
  return json(200, { ...body, expires_in: 900, refresh_expires_in: 604800 });
}

/** A store that is somebody's already. */
export function holding(tokens: Tokens = OLD): TokenStore {
  const store = new MemoryTokens();
  store.save(tokens);
  return store;
}

export const credentials = { email: "ada@example.com", password: "p" };
export const expired = refusal(401, "token_expired");
export const revoked = refusal(401, "session_revoked");

/** Calls the first access token expired, and lets `refresh` answer its exchange. */
export function expiring(refresh: Reply, otherwise: Reply = json(200, me)): Reply {
  return (seen: Seen, init) => {
    if (seen.url === "auth/refresh/") return refresh(seen, init);
    const old = seen.headers.get("Authorization") === `Bearer ${OLD.access}`;
    return (old ? expired : otherwise)(seen, init);
  };
}

export function refreshes(service: FakeService): Seen[] {
  return service.seen.filter(({ url }) => url === "auth/refresh/");
}
