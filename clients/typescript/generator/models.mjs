// The types: schemas and queries as openapi-typescript sees them, and names to import them by.
import openapiTypeScript, { astToString } from "openapi-typescript";

import { comment, pascal } from "./document.mjs";

export async function schema(parsed) {
  const { openapi, info } = parsed.document;
  const document = { openapi, info, paths: {}, components: { schemas: schemas(parsed) } };
  const named = (key, value) => (key === "title" && typeof value === "string" ? undefined : value);
  const untitled = JSON.parse(JSON.stringify(document, named)); // titles say the names again
  // A default is what the service fills in: the caller may leave the field out.
  const tree = await openapiTypeScript(untitled, { defaultNonNullable: false });
  // Editors show what stands before the first tag.
  return astToString(tree).replaceAll("@description ", "");
}

/** An interface per object and a type per enumeration, so that editors show names. */
export function models(parsed) {
  const types = Object.entries(schemas(parsed)).map(([name, { type, description }]) => {
    const head = type === "object" ? "interface" : "type";
    const body = type === "object" ? `extends Schema<"${name}"> {}` : `= Schema<"${name}">;`;
    return `${description ? comment([description]) : ""}export ${head} ${name} ${body}\n`;
  });
  return [
    'import type { components } from "./schema.js";\n',
    'type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];\n',
    ...types,
  ].join("\n");
}

/** The name of the type of an operation's query. */
export function query(id) {
  return `${pascal(id)}Query`;
}

function schemas({ document, operations }) {
  const { Error, ...named } = document.components.schemas; // Error is raised, as an ApiError
  const queries = operations
    .map(({ id, parameters }) => [id, parameters.filter((one) => one.in === "query")])
    .filter(([, parameters]) => parameters.length > 0)
    .map(([id, parameters]) => [query(id), object(id, parameters)]);
  return { ...named, ...Object.fromEntries(queries) };
}

function object(id, parameters) {
  const properties = parameters.map(({ name, schema, description }) => [
    name,
    { ...schema, description },
  ]);
  const required = parameters.filter((one) => one.required).map(({ name }) => name);
  const description = `The query of \`${id}\`.`;
  return { type: "object", description, properties: Object.fromEntries(properties), required };
}
