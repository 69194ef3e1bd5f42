// Reads the OpenAPI document: what the other generators need to know of each operation.

const UNSAFE = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** The document with its operations, in its order. */
export function read(document) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      describe(document, path, method.toUpperCase(), operation),
    ),
  );
  return { document, operations };
}

function describe(document, path, method, operation) {
  const responses = Object.entries(operation.responses).map(([status, response]) => {
    const whole = resolve(document, response);
    return { status: Number(status), schema: json(whole), codes: codes(whole) };
  });
  const answers = responses.filter(({ codes, status }) => status < 300 || codes.length === 0);
  const body = operation.requestBody && resolve(document, operation.requestBody);
  return {
    id: operation.operationId,
    path,
    method,
    text: operation.description ?? operation.summary ?? "",
    parameters: (operation.parameters ?? []).map((parameter) => resolve(document, parameter)),
    body: body && { schema: json(body), required: body.required === true },
    bearer: (operation.security ?? document.security ?? []).some((one) => "BearerAuth" in one),
    idempotency: idempotency(operation, method),
    versioned: operation["x-etag"] === true,
    // Bodies of answers: a health document at 503 is an answer too, not an error.
    answers: answers.filter(({ schema }) => schema).map(({ schema }) => schema),
    failing: answers.map(({ status }) => status).filter((status) => status >= 400),
    codes: responses.flatMap(({ status, codes }) => codes.map((code) => ({ code, status }))),
  };
}

/** What an Idempotency-Key does: `stored`, `recovered`, `ignored`; `safe` needs none. */
function idempotency(operation, method) {
  return UNSAFE.has(method) ? (operation["x-idempotency"] ?? "stored") : "safe";
}

/** The page that a list answers: the schema of one of its results, or undefined. */
export function listed({ document }, { answers }) {
  const page = answers.length === 1 && resolve(document, answers[0]);
  const { results, next } = page?.properties ?? {};
  return next && results?.items;
}

export function resolve(document, node) {
  if (!node?.$ref) return node;
  return node.$ref
    .split("/")
    .slice(1)
    .reduce((found, name) => found[name], document);
}

function json(body) {
  return body.content?.["application/json"]?.schema;
}

/** The codes of a refusal. The schema of all errors is referred to, and not looked into. */
function codes(response) {
  const schema = json(response);
  const parts = schema?.allOf ?? [schema];
  return parts.flatMap((part) => {
    const code = part?.properties?.code;
    return code?.enum ?? (code?.const ? [code.const] : []);
  });
}

/** All the codes there are. */
export function everyCode({ document }) {
  return resolve(document, document.components.schemas.Error.properties.code).enum;
}

export function pascal(name) {
  return name.replace(/(^|[._-])(\w)/g, (_, __, letter) => letter.toUpperCase());
}

export function camel(name) {
  return name.replace(/[_-](\w)/g, (_, letter) => letter.toUpperCase());
}

/** A doc comment, indented. */
export function comment(lines, indent = "") {
  const safe = lines.join("\n").trim().replaceAll("*/", "* /").split("\n");
  if (safe.length === 1) return `${indent}/** ${safe[0]} */\n`;
  const body = safe.map((line) => `${indent} * ${line}`.trimEnd()).join("\n");
  return `${indent}/**\n${body}\n${indent} */\n`;
}
