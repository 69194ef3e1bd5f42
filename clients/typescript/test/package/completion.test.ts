// What an editor offers in the project CONSUMER, which has the package installed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

import ts from "typescript";

const CONSUMER = process.env["CONSUMER"] ?? ".";
const FILE = join(CONSUMER, "typed.ts");
const head = 'import { Client, errors } from "backend-client";\nconst api = new Client("");\n';
let text = head;
let version = 0;

const language = ts.createLanguageService({
  getCompilationSettings: () => ({
    strict: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
  }),
  getScriptFileNames: () => [FILE],
  getScriptVersion: (name) => (name === FILE ? String(version) : "1"),
  getScriptSnapshot: (name) => {
    const found = name === FILE ? text : ts.sys.fileExists(name) && readFileSync(name, "utf8");
    return typeof found === "string" ? ts.ScriptSnapshot.fromString(found) : undefined;
  },
  getCurrentDirectory: () => CONSUMER,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (name) => name === FILE || ts.sys.fileExists(name),
  readFile: ts.sys.readFile,
  directoryExists: ts.sys.directoryExists,
});

/** What is offered at the `|` of a line, after `api` was made; with its documentation. */
function offered(line: string): Map<string, string> {
  text = head + line.replace("|", "");
  version++;
  const place = head.length + line.indexOf("|");
  const entries = language.getCompletionsAtPosition(FILE, place, {})?.entries ?? [];
  const own = entries.filter(({ sortText }) => sortText <= "12"); // not what is global
  return new Map(
    own.map(({ name, source, data }) => {
      const details = language.getCompletionEntryDetails(FILE, place, name, {}, source, {}, data);
      return [name, ts.displayPartsToString(details?.documentation)];
    }),
  );
}

describe("An editor", () => {
  it("offers the operations, with what they do", () => {
    const groups = offered("api.|");
    assert.ok(["auth", "health", "isSignedIn", "users"].every((name) => groups.has(name)));
    const auth = offered("api.auth.|");
    assert.ok(auth.has("password") && auth.has("sessions") && auth.has("logoutAll"));
    assert.match(auth.get("register") ?? "", /^Create an account/);
    assert.match(auth.get("login") ?? "", /POST \/api\/v1\/auth\/login\//);
    assert.match(auth.get("login") ?? "", /Refusals: `ValidationError`, `InvalidCredentials`/);
  });

  it("offers the fields of a body, of a query and of an answer", () => {
    const body = [...offered("void api.auth.register({ | });").keys()];
    assert.deepEqual(body.sort(), [
      "email",
      "first_name",
      "last_name",
      "password",
      "password_confirm",
    ]);
    const query = offered("void api.users.list({ | });");
    assert.match(query.get("search") ?? "", /A part of the email/);
    assert.ok(offered('void api.users.list({ ordering: "|" });').has("-created_at"));
    assert.ok(offered("void api.users.me.get().then((me) => me.|);").has("first_name"));
  });

  it("offers the options of a call", () => {
    const options = [...offered("void api.users.me.update({}, { | });").keys()];
    assert.deepEqual(options.sort(), ["headers", "idempotencyKey", "ifMatch", "signal", "timeout"]);
  });

  it("offers a class for every code", () => {
    const classes = offered("errors.|");
    assert.match(classes.get("Throttled") ?? "", /429 `throttled`/);
    assert.ok(classes.has("ConnectionFailed") && classes.has("ApiError"));
  });
});
