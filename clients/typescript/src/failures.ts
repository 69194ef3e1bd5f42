import type { ErrorCode } from "./generated/models.js";
import type { Answer } from "./http.js";

/** The service has refused a call. There is a subclass for each `code`. */
export class ApiError extends Error {
  static {
    this.prototype.name = "ApiError";
  }

  /** The HTTP status. */
  readonly status: number;
  /** What is the case, for programs. A newer service may know further codes. */
  readonly code: ErrorCode | (string & {});
  /** Messages by field name, where single fields are to blame; `{}` otherwise. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
  /** Names the request in the service's logs: quote it when you ask for help. */
  readonly requestId: string | undefined;
  /** Seconds to wait before trying again, if the service has named any. */
  readonly retryAfter: number | undefined;
  readonly #headers: Headers;

  constructor({ status, headers, body }: Answer) {
    const envelope = isObject(body) ? body : {};
    super(text(envelope["message"]) ?? `HTTP ${status}`);
    this.status = status;
    this.code = text(envelope["code"]) ?? "unknown";
    this.errors = isObject(envelope["errors"]) ? (envelope["errors"] as typeof this.errors) : {};
    this.requestId = text(envelope["request_id"]) ?? headers.get("X-Request-ID") ?? undefined;
    this.retryAfter = seconds(headers.get("Retry-After"));
    this.#headers = headers;
  }

  /** The headers of the answer. */
  get headers(): Headers {
    return this.#headers;
  }

  toJSON(): object {
    const { name, message, status, code, errors, requestId } = this;
    return { name, message, status, code, errors, requestId };
  }
}

/** No answer has arrived; `cause` says why. Whether the call was executed is unknown. */
export class ConnectionFailed extends Error {
  static {
    this.prototype.name = "ConnectionFailed";
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The service names seconds; what stands in front of it may name a date. */
function seconds(header: string | null): number | undefined {
  if (header === null) return undefined;
  const value = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(value) ? undefined : Math.max(0, value);
}
