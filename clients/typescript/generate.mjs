// Writes src/generated/ from the committed OpenAPI document.
//
//     node generate.mjs [--check] [document]
//
// --check writes nothing: it names the files that are stale, and exits 1 if there are any.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { api } from "./generator/api.mjs";
import { read } from "./generator/document.mjs";
import { errors } from "./generator/errors.mjs";
import { models, schema } from "./generator/models.mjs";
import { table } from "./generator/table.mjs";

const FOLDER = new URL("src/generated/", import.meta.url);
const COMMITTED = new URL("../../tests/api/openapi.json", import.meta.url);
const HEAD = "// Generated from the OpenAPI document by `npm run generate`. Do not edit.\n\n";

const { values, positionals } = parseArgs({
  options: { check: { type: "boolean", default: false } },
  allowPositionals: true,
});

const document = read(JSON.parse(readFileSync(positionals[0] ?? COMMITTED, "utf8")));
const files = new Map(
  Object.entries({
    "schema.ts": await schema(document),
    "models.ts": models(document),
    "errors.ts": errors(document),
    "table.ts": table(document),
    "api.ts": api(document),
  }).map(([name, text]) => [name, HEAD + text.replace(/[ \t]+$/gm, "")]),
);

mkdirSync(FOLDER, { recursive: true });
const present = new Map(
  readdirSync(FOLDER).map((name) => [name, readFileSync(new URL(name, FOLDER), "utf8")]),
);
const stale = [...new Set([...files.keys(), ...present.keys()])].filter(
  (name) => files.get(name) !== present.get(name),
);

for (const name of stale) {
  const place = new URL(name, FOLDER);
  if (values.check) console.error(`clients/typescript/src/generated/${name} is stale`);
  else if (files.has(name)) writeFileSync(place, files.get(name));
  else rmSync(place);
}
if (values.check && stale.length > 0) process.exitCode = 1;
