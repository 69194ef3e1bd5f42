// The service has done what it was asked for, and its answer gets lost.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Client, errors } from "backend-client";

import { PASSWORD, Person, SERVICE } from "./people.js";
import { Proxy } from "./proxy.js";

describe("A lost answer", { concurrency: true }, () => {
  it("to a registration is asked for again: there is one account", async () => {
    await using proxy = await Proxy.before(SERVICE);
    const ada = new Person();
    const { api } = ada.device("phone", proxy.url);
    proxy.lose("auth/register/");
    const registration = { ...ada.credentials, password_confirm: PASSWORD };
    const born = await api.auth.register(registration);
    assert.equal(born.email, ada.email);
    const [first, second, ...more] = proxy.to("auth/register/");
    assert.deepEqual([first?.status, first?.replayed], [201, false]);
    assert.deepEqual([second?.status, second?.replayed], [201, true]);
    assert.deepEqual(more, []);
    await assert.rejects(api.auth.register(registration), errors.ValidationError);
  });

  it("to a change is asked for again: it is made once", async () => {
    await using proxy = await Proxy.before(SERVICE);
    const ada = new Person();
    const { api } = ada.device("phone", proxy.url);
    await ada.signUp(ada.device("laptop"));
    await api.auth.login(ada.credentials);
    const me = await api.users.me.get();
    proxy.lose("users/me/");

    // Made twice, the second would find that its version has lost.
    const renamed = await api.users.me.update({ first_name: "Ada" }, { ifMatch: me });
    assert.equal(renamed.first_name, "Ada");
    const changes = proxy.to("users/me/").filter(({ method }) => method === "PATCH");
    assert.deepEqual(changes.map(({ replayed }) => replayed), [false, true]);
    await api.users.me.update({ first_name: "Augusta" }, { ifMatch: renamed });

    proxy.lose("users/me/delete/");
    await api.users.me.delete({ password: PASSWORD }).catch(() => undefined);
    const deleted = new Client(SERVICE).auth.login(ada.credentials);
    await assert.rejects(deleted, errors.InvalidCredentials);
  });

  it("to a refresh is recovered with its key", async () => {
    await using proxy = await Proxy.before(SERVICE);
    const ada = new Person();
    const { api } = ada.device("phone", proxy.url);
    await ada.signUp(ada.device("laptop"));
    await api.auth.login(ada.credentials);
    proxy.lose("auth/refresh/", 2);
    await api.auth.refresh();
    const tries = proxy.to("auth/refresh/");
    assert.deepEqual(tries.map(({ status }) => status), [200, 200, 200]);
    assert.deepEqual(tries.map(({ replayed }) => replayed), [false, true, true]);
    assert.equal(new Set(tries.map(({ headers }) => headers["idempotency-key"])).size, 1);
    await api.users.me.get();
    await api.auth.refresh();
  });

  it("to a refresh is recovered by the next program that runs", async () => {
    await using proxy = await Proxy.before(SERVICE);
    const ada = new Person();
    const { api, store } = ada.device("phone", proxy.url, { retries: { attempts: 1 } });
    await ada.signUp(ada.device("laptop"));
    await api.auth.login(ada.credentials);
    proxy.lose("auth/refresh/");
    await assert.rejects(api.auth.refresh(), errors.ConnectionFailed);
    const { api: next } = ada.device("phone", proxy.url, { tokens: store });
    await next.auth.refresh();
    assert.deepEqual(proxy.to("auth/refresh/").map(({ replayed }) => replayed), [false, true]);
    await next.users.me.get();
  });

  it("to a login is not asked for again", async () => {
    await using proxy = await Proxy.before(SERVICE);
    const ada = new Person();
    const { api } = ada.device("phone", proxy.url);
    await ada.signUp(ada.device("laptop"));
    proxy.lose("auth/login/");
    await assert.rejects(api.auth.login(ada.credentials), errors.ConnectionFailed);
    assert.equal(proxy.to("auth/login/").length, 1);
    await api.auth.login(ada.credentials);
  });
});
