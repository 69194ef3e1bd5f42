import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { errors } from "backend-client";

import {
  credentials,
  done,
  FakeService,
  json,
  lost,
  me,
  pair,
  refusal,
  type Reply,
} from "./fake.js";

const unavailable = refusal(503, "service_unavailable");
const gateway: Reply = () => new Response("<html>bad gateway</html>", { status: 502 });

describe("A failure", () => {
  for (const [name, failure] of Object.entries({ lost, unavailable, gateway })) {
    it(`is repeated: ${name}`, async () => {
      const service = new FakeService(failure, failure, json(200, me));
      assert.deepEqual(await service.client().users.me.get(), me);
      assert.equal(service.seen.length, 3);
    });
  }

  it("is repeated for what changes something, since its key makes that harmless", async () => {
    const service = new FakeService(lost, gateway, done);
    await service.client().auth.sessions.end("1");
    assert.equal(service.seen.length, 3);
  });

  it("is repeated while the first attempt is still at work", async () => {
    const busy = refusal(409, "idempotency_in_progress");
    const service = new FakeService(lost, busy, json(200, me));
    assert.deepEqual(await service.client().users.me.update({ first_name: "Ada" }), me);
  });

  for (const [status, code] of [
    [400, "validation_error"],
    [403, "permission_denied"],
    [404, "not_found"],
    [409, "conflict"],
    [422, "idempotency_key_reused"],
    [500, "server_error"],
  ] as const) {
    it(`is raised at once if repeating cannot help: ${code}`, async () => {
      const service = new FakeService(refusal(status, code));
      await assert.rejects(service.client().users.me.update({}), { code });
      assert.equal(service.seen.length, 1);
    });
  }

  it("is raised when the attempts are used up, as the last one was", async () => {
    const service = new FakeService(lost, lost, lost, unavailable);
    await assert.rejects(service.client().users.me.get(), errors.ServiceUnavailable);
    assert.equal(service.seen.length, 4);
  });

  it("is not repeated if nobody wants it", async () => {
    const service = new FakeService(lost);
    const call = service.client({ retries: { attempts: 1 } }).users.me.get();
    await assert.rejects(call, errors.ConnectionFailed);
    assert.equal(service.seen.length, 1);
  });
});

describe("A login", () => {
  it("is not repeated if it may have been executed", async () => {
    for (const failure of [lost, gateway]) {
      const service = new FakeService(failure, pair(1));
      await assert.rejects(service.client().auth.login(credentials));
      assert.equal(service.seen.length, 1);
    }
  });

  it("is repeated if it was not", async () => {
    const throttled = refusal(429, "throttled", { "Retry-After": "1" });
    const service = new FakeService(throttled, unavailable, pair(1));
    await service.client().auth.login(credentials);
    assert.equal(service.seen.length, 3);
  });
});

describe("A pause", () => {
  it("is random, up to twice as long each time, up to a limit", async () => {
    const service = new FakeService(unavailable);
    const retries = { attempts: 6, baseDelay: 100, maxDelay: 500 };
    await assert.rejects(service.client({ retries }).users.me.get());
    assert.deepEqual(service.clock.pauses, [50, 100, 200, 250, 250]);
  });

  it("is what the service asks for, and a little more", async () => {
    const throttled = refusal(429, "throttled", { "Retry-After": "7" });
    const service = new FakeService(throttled, json(200, me));
    await service.client({ retries: { baseDelay: 100 } }).users.me.get();
    assert.deepEqual(service.clock.pauses, [7050]);
  });

  it("lasts until a date, if that is what is named", async () => {
    const past = refusal(503, "service_unavailable", { "Retry-After": new Date(0).toUTCString() });
    const service = new FakeService(past, json(200, me));
    await service.client({ retries: { baseDelay: 100 } }).users.me.get();
    assert.deepEqual(service.clock.pauses, [50]);
  });

  it("that is too long is not made: the caller hears of it at once", async () => {
    const service = new FakeService(refusal(429, "throttled", { "Retry-After": "300" }));
    const error = await service
      .client()
      .auth.login(credentials)
      .catch((error: unknown) => error);
    assert.ok(error instanceof errors.Throttled);
    assert.equal(error.retryAfter, 300);
    assert.deepEqual(service.clock.pauses, []);
  });

  it("is not made past the total time", async () => {
    const service = new FakeService(refusal(503, "service_unavailable", { "Retry-After": "4" }));
    const retries = { attempts: 100, totalTime: 10_000 };
    await assert.rejects(service.client({ retries }).users.me.get(), errors.ServiceUnavailable);
    assert.equal(service.seen.length, 3);
  });
});

describe("An Idempotency-Key", () => {
  it("is sent with whatever changes something, and kept across its retries", async () => {
    const service = new FakeService(lost, unavailable, done);
    await service.client().auth.sessions.end("1");
    const keys = new Set(service.sent("Idempotency-Key"));
    assert.equal(keys.size, 1);
    assert.match([...keys][0] ?? "", /^[A-Za-z0-9._-]{1,128}$/);
  });

  it("is a new one for each call", async () => {
    const service = new FakeService(json(200, me));
    const api = service.client();
    await api.users.me.update({ first_name: "Ada" });
    await api.users.me.update({ first_name: "Ada" });
    assert.equal(new Set(service.sent("Idempotency-Key")).size, 2);
  });

  it("can be the caller's", async () => {
    const service = new FakeService(lost, json(200, me));
    await service.client().users.me.update({ first_name: "Ada" }, { idempotencyKey: "mine" });
    assert.deepEqual(service.sent("Idempotency-Key"), ["mine", "mine"]);
  });

  it("is not sent where it means nothing", async () => {
    const service = new FakeService(pair(1));
    const api = service.client();
    await api.auth.login(credentials);
    await api.users.me.get();
    assert.deepEqual(service.sent("Idempotency-Key"), [null, null]);
  });
});
