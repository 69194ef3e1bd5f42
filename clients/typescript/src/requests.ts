import { conditions } from "./etags.js";
import { ApiError } from "./failures.js";
import { ERRORS } from "./generated/table.js";
import type { Answer, Request } from "./http.js";
import { newKey, target, type Input, type Operation } from "./operation.js";
import type { AnyOptions } from "./options.js";

/** The request of a call, the same for all of its attempts; only the bearer is missing. */
export function build(
  baseUrl: string,
  headers: Record<string, string> | undefined,
  operation: Operation,
  input: Input,
  options: AnyOptions,
): Request {
  const { method, idempotency } = operation;
  const keyed = idempotency === "stored" || idempotency === "recovered";
  return {
    method,
    url: baseUrl + target(operation, input),
    headers: {
      Accept: "application/json",
      ...(input.body && { "Content-Type": "application/json" }),
      ...(keyed && { "Idempotency-Key": options.idempotencyKey ?? newKey() }),
      ...conditions(options),
      ...headers,
      ...options.headers,
    },
    ...(input.body && { body: JSON.stringify(input.body) }),
  };
}

/** @throws ApiError, of the code's own class, unless the answer is one that the operation gives. */
export function raiseUnless(
  answer: Answer,
  { failing }: Operation,
  { ifNoneMatch }: AnyOptions,
): void {
  const { status, body } = answer;
  const { code } = (body ?? {}) as { code?: PropertyKey };
  if ((status >= 200 && status < 300) || (status === 304 && ifNoneMatch)) return;
  if (failing?.includes(status) && body !== undefined && code === undefined) return;
  const known: Partial<Record<PropertyKey, typeof ApiError>> = ERRORS;
  const Refusal = code !== undefined && Object.hasOwn(ERRORS, code) ? known[code] : undefined;
  throw new (Refusal ?? ApiError)(answer);
}
