import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { errors, type TokenStore } from "backend-client";

import {
  credentials,
  done,
  expired,
  expiring,
  FakeService,
  holding,
  json,
  lost,
  me,
  OLD,
  pair,
  refreshes,
  refusal,
  revoked,
  type Reply,
} from "./fake.js";

describe("The end of a session", () => {
  for (const code of [
    "session_revoked",
    "refresh_token_reused",
    "token_expired",
    "token_invalid",
  ]) {
    it(`is one error for all who wait, told once, and clears the tokens: ${code}`, async () => {
      const service = new FakeService(expiring(refusal(401, code)));
      const tokens = holding();
      const told: unknown[] = [];
      const api = service.client({ tokens, onSessionEnd: (error) => told.push(error) });
      const calls = Array.from({ length: 20 }, () => api.users.me.get());
      const ends = await Promise.allSettled(calls);
      const reasons = new Set(ends.map((end) => end.status === "rejected" && end.reason));
      assert.deepEqual([...reasons], told);
      assert.equal((told[0] as errors.ApiError).code, code);
      assert.equal(refreshes(service).length, 1);
      assert.equal(await tokens.load(), undefined);
    });
  }

  it("is the same error for a call that hears of it late", async () => {
    let release = (): void => undefined;
    const late = new Promise<void>((resolve) => (release = resolve));
    const service = new FakeService(
      async (seen, init) => (await late, expired(seen, init)),
      expiring(revoked),
    );
    const api = service.client({ tokens: holding() });
    const straggler = api.users.me.get();
    await assert.rejects(api.users.me.get(), errors.SessionRevoked);
    release();
    await assert.rejects(straggler, errors.SessionRevoked);
    assert.equal(refreshes(service).length, 1);
  });

  it("is told once when the access token was good until then", async () => {
    for (const code of ["session_revoked", "token_invalid"]) {
      const service = new FakeService(refusal(401, code));
      const tokens = holding();
      const told: unknown[] = [];
      const api = service.client({ tokens, onSessionEnd: (error) => told.push(error) });
      const ends = await Promise.allSettled([api.users.me.get(), api.users.me.get()]);
      assert.ok(ends.every(({ status }) => status === "rejected"));
      assert.equal(told.length, 1);
      assert.equal(await tokens.load(), undefined);
    }
  });

  it("leaves a login alone that came meanwhile", async () => {
    const tokens = holding();
    const next = { access: "access-5", refresh: "refresh-5" };
    const service = new FakeService(async (seen, init) => {
      await tokens.save(next);
      return revoked(seen, init);
    });
    await assert.rejects(service.client({ tokens }).users.me.get(), errors.SessionRevoked);
    assert.deepEqual(await tokens.load(), next);
  });

  it("is not what a used link's token says", async () => {
    const tokens = holding();
    const api = new FakeService(refusal(400, "token_invalid")).client({ tokens });
    await assert.rejects(api.auth.email.verify({ token: "used" }), errors.TokenInvalid);
    await assert.rejects(api.users.me.get(), errors.TokenInvalid);
    assert.deepEqual(await tokens.load(), OLD);
  });
});

describe("A caller who gives up", () => {
  it("does not end the exchange that others wait for", async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow: Reply = async (seen, init) => (await held, pair(1)(seen, init));
    const service = new FakeService(expiring(slow));
    const api = service.client({ tokens: holding() });
    const controller = new AbortController();
    const impatient = api.users.me.get({ signal: controller.signal });
    const patient = api.users.me.get();
    while (refreshes(service).length === 0) await new Promise(setImmediate);
    controller.abort();
    await assert.rejects(impatient, { name: "AbortError" });
    release();
    assert.deepEqual(await patient, me);
  });
});

describe("A logout", () => {
  it("ends the session by its refresh token, and clears the tokens", async () => {
    const tokens = holding();
    const service = new FakeService(done);
    await service.client({ tokens }).auth.logout();
    assert.deepEqual(service.seen[0]?.body, { refresh: OLD.refresh });
    assert.equal(await tokens.load(), undefined);
  });

  it("keeps the tokens if the service was not reached, to be repeated", async () => {
    const tokens = holding();
    const call = new FakeService(lost).client({ tokens }).auth.logout();
    await assert.rejects(call, errors.ConnectionFailed);
    assert.deepEqual(await tokens.load(), OLD);
  });

  it("of another session leaves this one alone", async () => {
    const tokens = holding();
    const service = new FakeService(done, refusal(401, "token_invalid"));
    const api = service.client({ tokens });
    await api.auth.logout({ refresh: "another" });
    assert.deepEqual(service.seen[0]?.body, { refresh: "another" });
    await assert.rejects(api.auth.logout({ refresh: "damaged" }), errors.TokenInvalid);
    assert.deepEqual(service.sent("Authorization"), [null, null]);
    assert.deepEqual(await tokens.load(), OLD);
  });

  it("while the tokens are renewed is not undone by that", async () => {
    const tokens = holding();
    const slow: Reply = async (seen, init) => {
      await api.auth.logout();
      return pair(1)(seen, init);
    };
    const service = new FakeService((seen, init) =>
      (seen.url === "auth/logout/" ? done : expiring(slow))(seen, init),
    );
    const api = service.client({ tokens });
    await api.users.me.get();
    assert.equal(await tokens.load(), undefined);
  });

  it("everywhere, and deleting the account, clear the tokens, too", async () => {
    for (const leave of ["logoutAll", "delete"] as const) {
      const tokens = holding();
      const api = new FakeService(done).client({ tokens });
      await (leave === "delete" ? api.users.me.delete({ password: "p" }) : api.auth.logoutAll());
      assert.equal(await tokens.load(), undefined);
    }
  });
});

describe("A store", () => {
  it("can be a browser's, shared by its tabs", async () => {
    const items = new Map<string, string>();
    const localStorage = {
      getItem: (name: string) => items.get(name) ?? null,
      setItem: (name: string, value: string) => void items.set(name, value),
      removeItem: (name: string) => void items.delete(name),
    };
    const tokens: TokenStore = {
      load: () => JSON.parse(localStorage.getItem("tokens") ?? "null"),
      save: (kept) => localStorage.setItem("tokens", JSON.stringify(kept)),
      clear: () => localStorage.removeItem("tokens"),
    };
    const service = new FakeService(pair(1), json(200, me), done);
    const [tab, other] = [service.client({ tokens }), service.client({ tokens })];
    await tab.auth.login(credentials);
    await other.users.me.get();
    assert.equal(service.sent("Authorization")[1], "Bearer access-1");
    await other.auth.logout();
    assert.equal(await tab.isSignedIn(), false);
  });

  it("can take its time", async () => {
    const store = holding();
    const tokens: TokenStore = {
      load: async () => (await new Promise(setImmediate), store.load()),
      save: async (kept) => (await new Promise(setImmediate), store.save(kept)),
      clear: async () => (await new Promise(setImmediate), store.clear()),
    };
    const service = new FakeService(expiring(pair(1)));
    const api = service.client({ tokens });
    await Promise.all(Array.from({ length: 20 }, () => api.users.me.get()));
    assert.equal(refreshes(service).length, 1);
  });
});
