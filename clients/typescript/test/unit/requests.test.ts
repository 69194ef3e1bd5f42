import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Client, cursorOf, errors } from "backend-client";

import { done, FakeService, holding, json, lost, me, refusal, silent } from "./fake.js";

describe("A request", () => {
  it("has its path's values escaped", async () => {
    const service = new FakeService(done);
    await service.client().auth.sessions.end("../me?");
    assert.deepEqual(service.urls, ["auth/sessions/..%2Fme%3F/"]);
  });

  it("leaves out what is not set", async () => {
    const service = new FakeService(json(200, { results: [], next: null }));
    const unset = { search: undefined } as object; // as those may pass who are less strict
    await service.client().users.list({ ...unset, is_active: false, page_size: 5 });
    assert.deepEqual(service.urls, ["users/?is_active=false&page_size=5"]);
    await service.client().users.list({});
    assert.equal(service.urls[1], "users/");
  });

  it("is JSON where it has a body", async () => {
    const service = new FakeService(json(201, me));
    const body = { email: "a@example.com", password: "p", password_confirm: "p" };
    assert.deepEqual(await service.client().auth.register(body), me);
    assert.deepEqual(service.seen[0]?.body, body);
    assert.deepEqual(service.sent("Content-Type"), ["application/json"]);
  });

  it("shows the access token to private operations only", async () => {
    const service = new FakeService(json(200, me));
    const api = service.client({ tokens: holding() });
    await api.users.me.get();
    await api.health.live();
    await api.auth.register({ email: "a@example.com", password: "p", password_confirm: "p" });
    assert.deepEqual(service.sent("Authorization"), ["Bearer access-0", null, null]);
  });

  it("carries the headers of the client and of the call", async () => {
    const service = new FakeService(json(200, me));
    const api = service.client({ headers: { "User-Agent": "phone", "X-Request-ID": "all" } });
    await api.users.me.get({ headers: { "X-Request-ID": "mine" } });
    assert.deepEqual(service.sent("User-Agent"), ["phone"]);
    assert.deepEqual(service.sent("X-Request-ID"), ["mine"]);
  });

  it("goes where the base URL says, with or without a slash", async () => {
    const urls: string[] = [];
    const fetch = async (url: unknown): Promise<Response> => {
      urls.push(String(url));
      return Response.json({ status: "healthy" });
    };
    for (const base of ["https://example.com/backend/", "https://example.com/backend", ""]) {
      await new Client(base, { fetch }).health.live();
    }
    const path = "/api/v1/health/live/";
    const whole = `https://example.com/backend${path}`;
    assert.deepEqual(urls, [whole, whole, path]);
  });

  it("does not follow a redirect with its token", async () => {
    const inits: RequestInit[] = [];
    const moved = (_: unknown, init: RequestInit): Response => {
      inits.push(init);
      return new Response(null, { status: 308, headers: { Location: "https://elsewhere.test/" } });
    };
    const service = new FakeService(moved);
    const call = service.client({ tokens: holding() }).users.me.get();
    await assert.rejects(call, { name: "ApiError", status: 308, message: "HTTP 308" });
    assert.deepEqual(inits.map(({ redirect }) => redirect), ["manual"]);
  });

  it("uses the runtime's fetch unless told otherwise", async (context) => {
    const answer = async (): Promise<Response> => Response.json({ status: "healthy" });
    const fetch = context.mock.method(globalThis, "fetch", answer);
    await new Client("http://service.test").health.live();
    assert.equal(fetch.mock.callCount(), 1);
  });
});

describe("An answer", () => {
  it("of 204 is nothing", async () => {
    assert.equal(await new FakeService(done).client().auth.sessions.end("1"), undefined);
  });

  it("of a health document is no error at 503", async () => {
    const health = { status: "unhealthy" };
    const service = new FakeService(json(503, health));
    assert.deepEqual(await service.client().health.read(), health);
    assert.equal(service.seen.length, 1);
  });

  it("at 503 that is no health document is an error", async () => {
    const gateway = (): Response => new Response("<html>", { status: 503 });
    const service = new FakeService(gateway, refusal(503, "service_unavailable"));
    const api = service.client({ retries: { attempts: 1 } });
    await assert.rejects(api.health.read(), { name: "ApiError", status: 503 });
    await assert.rejects(api.health.ready(), errors.ServiceUnavailable);
  });

  it("that is not JSON is no answer, and is not quoted", async () => {
    const cut = (): Response => new Response('{"access": "secret-tok');
    const service = new FakeService(cut);
    const failure = await service
      .client({ retries: { attempts: 1 } })
      .auth.login({ email: "a@example.com", password: "p" })
      .catch((error: unknown) => error);
    assert.ok(failure instanceof errors.ConnectionFailed);
    assert.equal(String(failure.cause), "SyntaxError: the answer is not JSON");
  });
});

describe("A time limit", () => {
  it("holds for an attempt, and says so", async () => {
    const service = new FakeService(silent);
    const api = service.client({ timeout: 5, retries: { attempts: 2 } });
    const failure = await api.users.me.get().catch((error: unknown) => error);
    assert.ok(failure instanceof errors.ConnectionFailed);
    assert.ok(failure.cause instanceof DOMException);
    assert.equal(failure.cause.name, "TimeoutError");
    assert.equal(service.seen.length, 2);
  });

  it("can be a call's own", async () => {
    const service = new FakeService(silent, json(200, me));
    assert.deepEqual(await service.client().users.me.get({ timeout: 5 }), me);
    assert.equal(service.seen.length, 2);
  });
});

describe("A signal", () => {
  it("that was given sends nothing", async () => {
    const service = new FakeService(json(200, me));
    const signal = AbortSignal.abort(new Error("changed my mind"));
    await assert.rejects(service.client().users.me.get({ signal }), /changed my mind/);
    assert.equal(service.seen.length, 0);
  });

  it("ends a request under way, with its reason, for good", async () => {
    const controller = new AbortController();
    const service = new FakeService((seen, init) => {
      queueMicrotask(() => controller.abort());
      return silent(seen, init);
    });
    const call = service.client().users.me.get({ signal: controller.signal });
    await assert.rejects(call, { name: "AbortError" });
    assert.equal(service.seen.length, 1);
  });

  it("ends a pause", { timeout: 5_000 }, async () => {
    const service = new FakeService(refusal(503, "service_unavailable", { "Retry-After": "20" }));
    const controller = new AbortController();
    // The system's clock: what is ended here is a real pause.
    const api = new Client("http://service.test", { fetch: service.fetch });
    const call = api.users.me.get({ signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await assert.rejects(call, { name: "AbortError" });
  });
});

describe("A list", () => {
  const page = (names: string[], next: string | null) =>
    json(200, { results: names, next, previous: null });
  const link = "http://inside.test/api/v1/users/?page_size=2&cursor=b%2B2";

  it("is iterated page by page, with the query of the first", async () => {
    const service = new FakeService(page(["a", "b"], link), lost, page(["c"], null));
    const found = [];
    for await (const user of service.client().users.iterate({ page_size: 2, search: "x" })) {
      found.push(user);
    }
    assert.deepEqual(found, ["a", "b", "c"]);
    const again = "users/?page_size=2&search=x&cursor=b%2B2";
    assert.deepEqual(service.urls, ["users/?page_size=2&search=x", again, again]);
  });

  it("fetches no page that nobody wants", async () => {
    const service = new FakeService(page(["a", "b"], link));
    for await (const event of service.client().users.iterateSecurityEvents("1")) {
      assert.equal(event, "a");
      break;
    }
    assert.deepEqual(service.urls, ["users/1/security-events/"]);
  });

  it("tells the cursor of a link", () => {
    assert.equal(cursorOf(link), "b+2");
  });
});
