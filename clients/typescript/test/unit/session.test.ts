import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { errors, MemoryTokens, type Tokens, type TokenStore } from "backend-client";

import {
  credentials,
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
  type Reply,
} from "./fake.js";

describe("A login", () => {
  it("keeps its tokens for the calls after it", async () => {
    const service = new FakeService(pair(1), json(200, me));
    const api = service.client();
    assert.equal(await api.isSignedIn(), false);
    await api.auth.login(credentials);
    assert.equal(await api.isSignedIn(), true);
    await api.users.me.get();
    assert.deepEqual(service.sent("Authorization"), [null, "Bearer access-1"]);
  });

  it("that is refused keeps nothing, and forgets nothing", async () => {
    const service = new FakeService(refusal(401, "invalid_credentials"));
    const tokens = holding();
    const api = service.client({ tokens });
    await assert.rejects(api.auth.login(credentials), errors.InvalidCredentials);
    assert.deepEqual(await tokens.load(), OLD);
  });
});

describe("An expired access token", () => {
  it("is exchanged, and the call repeated with its key", async () => {
    const service = new FakeService(expiring(pair(1)));
    const tokens = holding();
    const api = service.client({ tokens });
    assert.deepEqual(await api.users.me.update({ first_name: "Ada" }), me);
    assert.deepEqual(service.urls, ["users/me/", "auth/refresh/", "users/me/"]);
    const [first, , last] = service.sent("Idempotency-Key");
    assert.equal(first, last);
    const kept = await tokens.load();
    assert.deepEqual([kept?.access, kept?.refresh], ["access-1", "refresh-1"]);
  });

  it("is exchanged once, however many calls find it expired", async () => {
    const service = new FakeService(expiring(pair(1)));
    const api = service.client({ tokens: holding() });
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.users.me.get()));
    assert.deepEqual(answers, Array(20).fill(me));
    assert.equal(refreshes(service).length, 1);
  });

  it("that a call hears of late is not exchanged again", async () => {
    let release = (): void => undefined;
    const late = new Promise<void>((resolve) => (release = resolve));
    const service = new FakeService(
      async (seen, init) => (await late, expired(seen, init)),
      expiring(pair(1)),
    );
    const api = service.client({ tokens: holding() });
    const straggler = api.users.me.get();
    await api.users.me.get();
    release();
    assert.deepEqual(await straggler, me);
    assert.equal(refreshes(service).length, 1);
  });

  it("is exchanged once for a call, even if the new one is called expired", async () => {
    const service = new FakeService(expiring(pair(1), expired));
    const api = service.client({ tokens: holding() });
    await assert.rejects(api.users.me.get(), errors.TokenExpired);
    assert.equal(refreshes(service).length, 1);
  });

  it("is the only reason for an exchange", async () => {
    for (const code of ["session_revoked", "token_invalid", "not_authenticated", "newer_code"]) {
      const service = new FakeService(refusal(401, code));
      await assert.rejects(service.client({ tokens: holding() }).users.me.get(), { code });
      assert.deepEqual(service.urls, ["users/me/"]);
    }
  });

  it("can be exchanged before it expires", async () => {
    const service = new FakeService(pair(1));
    const tokens = holding();
    await service.client({ tokens }).auth.refresh();
    assert.equal((await tokens.load())?.access, "access-1");
    await assert.rejects(service.client().auth.refresh(), /log in first/);
  });
});

describe("A lost answer to a refresh", () => {
  it("is asked for again with the same key", async () => {
    const answers = [lost, refusal(503, "service_unavailable"), pair(1)];
    const service = new FakeService(expiring((seen, init) => answers.shift()!(seen, init)));
    await service.client({ tokens: holding() }).users.me.get();
    const keys = refreshes(service).map(({ headers }) => headers.get("Idempotency-Key"));
    assert.deepEqual(keys, Array(3).fill(OLD.refreshKey));
  });

  it("is asked for again later, and by another client, with the same key", async () => {
    const tokens = holding({ access: OLD.access, refresh: OLD.refresh });
    const offline = new FakeService(expiring(lost));
    await assert.rejects(offline.client({ tokens }).users.me.get(), errors.ConnectionFailed);
    const online = new FakeService(expiring(pair(1)));
    await online.client({ tokens }).users.me.get();
    const sent = [...refreshes(offline), ...refreshes(online)];
    assert.equal(sent.length, 5);
    assert.equal(new Set(sent.map(({ headers }) => headers.get("Idempotency-Key"))).size, 1);
  });

  it("leaves the tokens where they are", async () => {
    const tokens = holding();
    const service = new FakeService(expiring(lost));
    await assert.rejects(service.client({ tokens }).users.me.get(), errors.ConnectionFailed);
    assert.deepEqual(await tokens.load(), OLD);
  });

  it("never shares its key with the next refresh", async () => {
    const tokens = new MemoryTokens();
    const service = new FakeService(pair(1), pair(2), pair(3));
    const api = service.client({ tokens });
    await api.auth.login(credentials);
    await api.auth.refresh();
    await api.auth.refresh();
    assert.equal(new Set(service.sent("Idempotency-Key")).size, 3);
  });
});

describe("Another tab that was faster", () => {
  const theirs: Tokens = { access: "access-9", refresh: "refresh-9", refreshKey: "key-9" };

  it("is found out before anything is exchanged", async () => {
    const tokens = holding();
    const service = new FakeService(
      async (seen, init) => (await tokens.save(theirs), expired(seen, init)),
      json(200, me),
    );
    await service.client({ tokens }).users.me.get();
    assert.deepEqual(service.urls, ["users/me/", "users/me/"]);
    assert.deepEqual(service.sent("Authorization")[1], "Bearer access-9");
  });

  it("is found out by the service: its tokens are taken, as soon as they are there", async () => {
    for (const looks of [1, 4]) {
      const store = holding();
      let since = -1; // looks since the service said so
      const tokens: TokenStore = {
        load: () => (since >= 0 && ++since >= looks ? theirs : store.load()),
        save: (kept) => store.save(kept),
        clear: () => store.clear(),
      };
      const rotated: Reply = (seen, init) => {
        since = 0;
        return refusal(401, "refresh_token_rotated")(seen, init);
      };
      const service = new FakeService(expiring(rotated));
      assert.deepEqual(await service.client({ tokens }).users.me.get(), me);
      assert.equal(service.sent("Authorization").at(-1), "Bearer access-9");
    }
  });

  it("is waited for, but not for ever", async () => {
    const tokens = holding();
    const service = new FakeService(expiring(refusal(401, "refresh_token_rotated")));
    const call = service.client({ tokens }).users.me.get();
    await assert.rejects(call, errors.RefreshTokenRotated);
    assert.equal(refreshes(service).length, 1);
    assert.equal(await tokens.load(), undefined);
    assert.ok(service.clock.now() < 2_000);
  });

  it("has its tokens left alone", async () => {
    const tokens = holding();
    const slow: Reply = async (seen, init) => (await tokens.save(theirs), pair(1)(seen, init));
    await new FakeService(expiring(slow)).client({ tokens }).users.me.get();
    assert.deepEqual(await tokens.load(), theirs);
  });

  it("that has logged out is out here, too", async () => {
    const tokens = holding();
    const service = new FakeService(async (seen, init) => {
      await tokens.clear();
      return expired(seen, init);
    });
    await assert.rejects(service.client({ tokens }).users.me.get(), errors.TokenExpired);
    assert.deepEqual(service.urls, ["users/me/"]);
  });
});
