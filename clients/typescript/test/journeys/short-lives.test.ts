// Against a service whose access tokens live for seconds, and that lets few log in at once.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { errors } from "backend-client";

import { expiry, Person, SERVICE } from "./people.js";
import { Proxy } from "./proxy.js";

// All at once, since most of it is waiting.
describe("A short life", { concurrency: true }, () => {
  it("goes on when the access token expires in the middle of things", async () => {
    await using proxy = await Proxy.before(SERVICE);
    const ada = new Person();
    const { api, tokens } = ada.device("phone", proxy.url);
    await ada.signUp(ada.device("laptop"));
    await api.auth.login(ada.credentials);
    const me = await api.users.me.get();
    const found = [];
    for await (const session of api.auth.sessions.iterate({ page_size: 1 })) {
      found.push(session.user_agent);
      await expiry(tokens());
    }
    assert.deepEqual(found, ["phone", "laptop"]);
    const renamed = await api.users.me.update({ first_name: "Ada" }, { ifMatch: me });
    assert.equal(renamed.first_name, "Ada");
    assert.equal(proxy.to("auth/refresh/").length, 2);
    assert.ok(proxy.to("auth/refresh/").every(({ status }) => status === 200));
  });

  for (const lost of [0, 1]) {
    it(`exchanges an expired token once for twenty calls, with ${lost} answers lost`, async () => {
      await using proxy = await Proxy.before(SERVICE);
      const ada = new Person();
      const { api, tokens } = ada.device("phone", proxy.url);
      await ada.signUp(ada.device("laptop"));
      await api.auth.login(ada.credentials);
      await expiry(tokens());
      proxy.lose("auth/refresh/", lost);
      const answers = await Promise.all(Array.from({ length: 20 }, () => api.users.me.get()));
      assert.ok(answers.every(({ email }) => email === ada.email));
      const exchanges = proxy.to("auth/refresh/");
      assert.deepEqual(exchanges.map(({ replayed }) => replayed), [false, true].slice(0, 1 + lost));
    });
  }

  it("ends with one clear error for all when an expired token cannot be exchanged", async () => {
    await using proxy = await Proxy.before(SERVICE);
    const ada = new Person();
    const told: errors.ApiError[] = [];
    const onSessionEnd = (error: errors.ApiError): void => void told.push(error);
    const { api, tokens } = ada.device("phone", proxy.url, { onSessionEnd });
    const laptop = ada.device("laptop");
    await ada.signUp(laptop);
    await api.auth.login(ada.credentials);
    await laptop.api.auth.logoutAll();
    await expiry(tokens());
    const ends = await Promise.allSettled(Array.from({ length: 20 }, () => api.users.me.get()));
    const reasons = new Set(ends.map((end) => end.status === "rejected" && end.reason));
    assert.deepEqual([...reasons], told);
    assert.ok(told[0] instanceof errors.SessionRevoked);
    assert.match(told[0].requestId ?? "", /./);
    assert.equal(proxy.to("auth/refresh/").length, 1);
    assert.equal(await api.isSignedIn(), false);
  });

  it("ends with one clear error when the access token is not good any longer", async () => {
    const ada = new Person();
    const told: errors.ApiError[] = [];
    const onSessionEnd = (error: errors.ApiError): void => void told.push(error);
    const { api } = ada.device("phone", SERVICE, { onSessionEnd });
    await ada.signUp(ada.device("laptop"));
    await api.auth.login(ada.credentials);
    const { results } = await api.auth.sessions.list();
    await api.auth.sessions.end(results.find(({ current }) => current)?.id ?? "");
    await assert.rejects(api.users.me.get(), errors.SessionRevoked);
    assert.equal(told.length, 1);
    assert.equal(await api.isSignedIn(), false);
    await api.auth.login(ada.credentials);
    await api.users.me.get();
  });

  it("waits for a limit as long as the service says", async () => {
    await using proxy = await Proxy.before(SERVICE);
    const ada = new Person();
    const { api } = ada.device("phone", proxy.url);
    await ada.signUp(ada.device("laptop"));
    for (let number = 0; number < 2; number++) await api.auth.login(ada.credentials);
    const statuses = proxy.to("auth/login/").map(({ status }) => status);
    assert.deepEqual(statuses, [200, 429, 200]);
  });

  it("is told of a limit at once if that is too long", async () => {
    const ada = new Person();
    const { api } = ada.device("phone", SERVICE, { retries: { maxWait: 0 } });
    await ada.signUp(ada.device("laptop"));
    await api.auth.login(ada.credentials);
    const error = await api.auth.login(ada.credentials).catch((error: unknown) => error);
    assert.ok(error instanceof errors.Throttled);
    assert.ok((error.retryAfter ?? 0) >= 1);
    assert.match(error.headers.get("RateLimit") ?? "", /^"login";r=0/);
    assert.match(error.requestId ?? "", /./);
  });
});
