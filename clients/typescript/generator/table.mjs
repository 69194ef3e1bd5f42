// What the core needs to know of operations and codes, as tables.
import { everyCode, pascal } from "./document.mjs";

export function table(parsed) {
  const classes = everyCode(parsed).map((code) => `  ${code}: errors.${pascal(code)},\n`);
  return (
    'import type { Operation } from "../operation.js";\n' +
    'import * as errors from "./errors.js";\n\n' +
    `export const OPERATIONS = {\n${parsed.operations.map(row).join("")}}` +
    " as const satisfies Record<string, Operation>;\n\n" +
    `export const ERRORS = {\n${classes.join("")}};\n`
  );
}

function row({ id, method, path, bearer, idempotency, failing }) {
  const known = { method, path, bearer, idempotency, ...(failing.length > 0 ? { failing } : {}) };
  const fields = Object.entries(known).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `  "${id}": {\n${fields.map((field) => `    ${field},\n`).join("")}  },\n`;
}
