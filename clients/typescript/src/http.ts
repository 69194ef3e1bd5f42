import { ConnectionFailed } from "./failures.js";

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON; undefined if there is none. */
  readonly body: unknown;
}

export interface Limits {
  /** Milliseconds until the last byte of the answer. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * One exchange. A redirect is an answer like any other: no token goes where it leads.
 *
 * @throws ConnectionFailed if there is no whole answer in time; the reason of the caller's signal.
 */
export async function exchange(
  send: typeof fetch,
  request: Request,
  { timeout, signal }: Limits,
): Promise<Answer> {
  const { url, ...init } = request;
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal?.reason);
  const expired = new DOMException(`no answer within ${timeout} ms`, "TimeoutError");
  const timer = setTimeout(() => controller.abort(expired), timeout);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    return await read(await send(url, { ...init, redirect: "manual", signal: controller.signal }));
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const path = url.replace(/\?.*/, "");
    throw new ConnectionFailed(`${request.method} ${path} got no answer`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

async function read(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const text = await response.text();
  if (text === "") return { status, headers, body: undefined };
  try {
    return { status, headers, body: JSON.parse(text) };
  } catch {
    // The parser's own message quotes the text, which may hold tokens.
    if (response.ok) throw new SyntaxError("the answer is not JSON");
    return { status, headers, body: undefined };
  }
}
