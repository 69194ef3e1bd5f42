import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import { errors } from "backend-client";

import { FakeService, holding, json, lost, OLD, pair, refusal, type Reply } from "./fake.js";

const SECRETS = ["hunter2", OLD.access, OLD.refresh, "key-0"];
const body = { email: "ada@example.com", password: "hunter2" };

async function failure(reply: Reply): Promise<unknown> {
  const service = new FakeService(reply);
  const api = service.client({ tokens: holding(), retries: { attempts: 1 } });
  return api.auth.email.change(body).then(
    () => assert.fail("it should have failed"),
    (error: unknown) => error,
  );
}

describe("A refusal", () => {
  it("is an error of its code's class, with all that the service said", async () => {
    const blamed = { email: ["It is taken"] };
    const error = await failure(refusal(400, "validation_error", { "X-More": "1" }, blamed));
    assert.ok(error instanceof errors.ValidationError);
    assert.ok(error instanceof errors.ApiError);
    assert.ok(error instanceof Error);
    assert.equal(error.name, "ValidationError");
    assert.equal(error.status, 400);
    assert.equal(error.code, "validation_error");
    assert.equal(error.message, "It is validation_error");
    assert.deepEqual(error.errors, blamed);
    assert.equal(error.requestId, "request-1");
    assert.equal(error.headers.get("X-More"), "1");
    assert.match(String(error.stack), /^ValidationError: It is validation_error/);
  });

  it("of a code that only a newer service knows is an ApiError", async () => {
    for (const code of ["payment_required", "constructor"]) {
      const error = await failure(refusal(402, code));
      assert.ok(error instanceof errors.ApiError);
      assert.equal(error.constructor, errors.ApiError);
      assert.equal(error.code, code);
    }
  });

  it("of something in between is an ApiError of an unknown code", async () => {
    const page: Reply = () =>
      new Response("<html>", { status: 500, headers: { "X-Request-ID": "from-the-header" } });
    for (const reply of [page, json(500, null), json(500, { code: 7, errors: "?" })]) {
      const error = await failure(reply);
      assert.ok(error instanceof errors.ApiError);
      assert.deepEqual([error.code, error.message], ["unknown", "HTTP 500"]);
      assert.deepEqual(error.errors, {});
      assert.equal(error.requestId, reply === page ? "from-the-header" : undefined);
    }
  });

  it("has a class for every code", () => {
    const known = new Set(Object.keys(errors));
    for (const name of ["NotFound", "Throttled", "SessionRevoked", "IdempotencyKeyReused"]) {
      assert.ok(known.has(name), name);
    }
    assert.equal(known.size, 23 + 2);
  });

  it("is complete as JSON", async () => {
    const error = await failure(refusal(404, "not_found"));
    assert.deepEqual(JSON.parse(JSON.stringify(error)), {
      name: "NotFound",
      message: "It is not_found",
      status: 404,
      code: "not_found",
      errors: {},
      requestId: "request-1",
    });
  });
});

describe("A failed connection", () => {
  it("is told from a refusal, with its cause", async () => {
    const error = await failure(lost);
    assert.ok(error instanceof errors.ConnectionFailed);
    assert.ok(!(error instanceof errors.ApiError));
    assert.equal(error.message, "POST http://service.test/api/v1/auth/email/change/ got no answer");
    assert.match(String(error.cause), /fetch failed/);
  });

  it("does not repeat what was searched for", async () => {
    const api = new FakeService(lost).client();
    const error = await api.users.list({ search: "ada" }).catch((error: unknown) => error);
    assert.ok(error instanceof errors.ConnectionFailed);
    assert.equal(error.message, "GET http://service.test/api/v1/users/ got no answer");
  });
});

describe("A secret", () => {
  const shown = (value: unknown): string =>
    inspect(value, { depth: Infinity, showHidden: true }) + JSON.stringify(value);

  it("does not stand in an error", async () => {
    for (const reply of [lost, refusal(400, "validation_error"), refusal(401, "session_revoked")]) {
      const text = shown(await failure(reply));
      for (const secret of SECRETS) assert.ok(!text.includes(secret), secret);
    }
  });

  it("is not shown by a client", async () => {
    const service = new FakeService(pair(1));
    const api = service.client();
    await api.auth.login({ email: "ada@example.com", password: "hunter2" });
    assert.equal(await api.isSignedIn(), true);
    for (const secret of ["access-1", "refresh-1"]) assert.ok(!shown(api).includes(secret));
  });
});
