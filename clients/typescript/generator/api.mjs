// The namespaces and their methods: `auth.password.change` becomes `api.auth.password.change(…)`.
import { camel, comment, listed, pascal } from "./document.mjs";
import { query } from "./models.mjs";

// What any operation may be refused with is not worth a word at each.
const EVERYWHERE = new Set([
  ...["bad_request", "invalid_json", "unsupported_media_type"],
  ...["length_required", "payload_too_large"],
  ...["idempotency_in_progress", "idempotency_key_reused"],
  ...["throttled", "server_error", "service_unavailable"],
]);
const BEARER = new Set(["not_authenticated", "token_invalid", "token_expired", "session_revoked"]);
const WIDTH = 100;

export function api(parsed) {
  const root = { path: [], methods: [], inner: new Map() };
  for (const operation of parsed.operations) place(root, operation);
  const body = namespaces(root)
    .map((node) => namespace(parsed, node))
    .join("\n");
  return `${imports(parsed, body)}\n${body}`;
}

function place(root, operation) {
  const path = operation.id.split(".");
  const name = path.pop();
  let node = root;
  for (const [depth, part] of path.entries()) {
    if (!node.inner.has(part)) {
      node.inner.set(part, { path: path.slice(0, depth + 1), methods: [], inner: new Map() });
    }
    node = node.inner.get(part);
  }
  node.methods.push({ ...operation, name: camel(name) });
}

/** All namespaces, the innermost first. */
function namespaces(node) {
  return [...[...node.inner.values()].flatMap(namespaces), node];
}

function namespace(parsed, node) {
  const fields = [...node.inner].map(([name, inner]) => [camel(name), title(inner)]);
  const used = node.methods.length > 0;
  return (
    comment([about(parsed, node)]) +
    `export class ${title(node)} {\n` +
    fields.map(([name, type]) => `  readonly ${name}: ${type};\n`).join("") +
    `${used ? "  readonly #core: Core;\n" : ""}\n  constructor(core: Core) {\n` +
    fields.map(([name, type]) => `    this.${name} = new ${type}(core);\n`).join("") +
    `${used ? "    this.#core = core;\n" : ""}  }\n` +
    node.methods.map((operation) => `\n${method(parsed, operation)}`).join("") +
    "}\n"
  );
}

function title({ path }) {
  return `${pascal(path.join("."))}Api`;
}

function about({ document }, { path }) {
  if (path.length === 0) return "Every operation of the service.";
  const tag = (document.tags ?? []).find(({ name }) => name === path.join("."));
  return tag?.description ?? `The operations of \`${path.join(".")}\`.`;
}

function method(parsed, operation) {
  if (operation.idempotency === "recovered") return renewal(operation);
  const { id, name } = operation;
  const { parameters, input } = inputs(operation);
  const result = [...new Set(operation.answers.map(type))].join(" | ") || "void";
  const head = [name, [...parameters, option(operation, result)], `Promise<${result}>`];
  const one = documentation(operation) + written(...head, call("call", id, input));
  const item = listed(parsed, operation);
  if (!item) return one;
  const iterate = name === "list" ? "iterate" : `iterate${pascal(operation.id.split(".").pop())}`;
  const taken = [...parameters, "options: CallOptions = {}"];
  const text = comment([`All results of \`${name}\`, fetched page by page.`], "  ");
  const results = `AsyncGenerator<${type(item)}, void>`;
  return `${one}\n${text}${written(iterate, taken, results, call("iterate", id, input))}`;
}

/** A method, on one line if it fits. */
function written(name, parameters, result, body) {
  const line = `  ${name}(${parameters.join(", ")}): ${result} {`;
  const lines = `  ${name}(\n${parameters.map((one) => `    ${one},\n`).join("")}  ): ${result} {`;
  return `${line.length > WIDTH ? lines : line}\n    ${body}\n  }\n`;
}

function call(verb, id, input) {
  return `return this.#core.${verb}(OPERATIONS["${id}"], ${input}, options);`;
}

/** The parameters of a method: what stands in the path, the body and the query. */
function inputs({ id, parameters, body }) {
  const path = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
  const taken = path.map((name) => `${camel(name)}: string`);
  const given = path.length > 0 ? [`path: [${path.map(camel).join(", ")}]`] : [];
  if (body) {
    taken.push(`body${body.required ? "" : "?"}: ${type(body.schema)}`);
    given.push("body");
  }
  if (parameters.some((parameter) => parameter.in === "query")) {
    taken.push(`query: ${query(id)} = {}`);
    given.push("query");
  }
  return { parameters: taken, input: given.length > 0 ? `{ ${given.join(", ")} }` : "{}" };
}

function option({ idempotency, versioned }, result) {
  const read = idempotency === "safe";
  const seen = result === "void" ? "object" : result; // what is deleted has been read before
  if (versioned) return `options: ${read ? "ReadOptions" : "UpdateOptions"}<${seen}> = {}`;
  return `options: ${idempotency === "stored" ? "WriteOptions" : "CallOptions"} = {}`;
}

/** The client spends the refresh token that it keeps, so this method wants none. */
function renewal(operation) {
  const text = "The client does so by itself when the access token has expired.";
  const body = "return this.#core.refresh(options);";
  return (
    documentation(operation, ["", text]) +
    written(operation.name, ['options: Pick<CallOptions, "signal"> = {}'], "Promise<void>", body)
  );
}

function documentation({ text, method, path, codes, bearer }, further = []) {
  const own = [...new Set(codes.map(({ code }) => code))].filter(
    (code) => !EVERYWHERE.has(code) && !(bearer && BEARER.has(code)),
  );
  const refusals = own.map((code) => `\`${pascal(code)}\``).join(", ");
  const end = refusals ? ["", `Refusals: ${refusals}.`] : [];
  return comment([text, ...further, "", `\`${method} ${path}\``, ...end], "  ");
}

function type(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  const parts = schema.anyOf ?? schema.oneOf;
  if (!parts) throw new Error(`name this schema in the document: ${JSON.stringify(schema)}`);
  return parts.map(type).join(" | ");
}

function imports({ document, operations }, body) {
  const used = (names) => names.filter((name) => new RegExp(`\\b${name}\\b`).test(body)).sort();
  const queries = operations.map(({ id }) => query(id));
  const types = used([...Object.keys(document.components.schemas), ...queries]);
  const options = used(["CallOptions", "ReadOptions", "UpdateOptions", "WriteOptions"]);
  return (
    'import type { Core } from "../core.js";\n' +
    `import type { ${options.join(", ")} } from "../options.js";\n` +
    `import type {\n${types.map((name) => `  ${name},\n`).join("")}} from "./models.js";\n` +
    'import { OPERATIONS } from "./table.js";\n'
  );
}
