// Whole lives of an account, as its owner's devices would tell them.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Client, cursorOf, errors, etagOf, type Session } from "backend-client";

import { NEW_PASSWORD, PASSWORD, Person, SERVICE } from "./people.js";
import { Proxy } from "./proxy.js";

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const found = [];
  for await (const result of results) found.push(result);
  return found;
}

describe("An account", { concurrency: true }, () => {
  it("lives a whole life", async () => {
    const ada = new Person();
    const [phone, laptop] = [ada.device("phone"), ada.device("laptop")];

    // Ada signs up on her phone, types her name in, and is who she says.
    const registration = { ...ada.credentials, password_confirm: PASSWORD, first_name: "Ada" };
    const born = await phone.api.auth.register(registration);
    await assert.rejects(phone.api.users.me.get(), errors.NotAuthenticated);
    await phone.api.auth.login(ada.credentials);
    assert.deepEqual(await phone.api.users.me.get(), born);
    const renamed = await phone.api.users.me.update({ last_name: "Lovelace" });
    assert.deepEqual([renamed.first_name, renamed.last_name], ["Ada", "Lovelace"]);

    // She opens her laptop, types her address in capitals, and sees both devices.
    await laptop.api.auth.login({ ...ada.credentials, email: ada.email.toUpperCase() });
    assert.deepEqual(await laptop.api.users.me.get(), renamed);
    const devices = await all<Session>(laptop.api.auth.sessions.iterate());
    assert.deepEqual(
      devices.map(({ user_agent, current }) => [user_agent, current]),
      [
        ["laptop", true],
        ["phone", false],
      ],
    );

    // She loses the phone: from the laptop she ends its session, and it is out at once.
    await laptop.api.auth.sessions.end(devices[1]?.id ?? "");
    await assert.rejects(phone.api.users.me.get(), errors.SessionRevoked);
    assert.equal(await phone.api.isSignedIn(), false);
    assert.equal((await all(laptop.api.auth.sessions.iterate())).length, 1);

    // The laptop stays signed in for days.
    const spent = laptop.tokens().refresh;
    for (let day = 0; day < 3; day++) await laptop.api.auth.refresh();
    assert.notEqual(laptop.tokens().refresh, spent);
    await laptop.api.users.me.get();

    // The phone turns up; signed in again, it is thrown out by a change of password.
    await phone.api.auth.login(ada.credentials);
    const change = (current_password: string, password: string): Promise<void> =>
      laptop.api.auth.password.change({
        current_password,
        new_password: password,
        new_password_confirm: password,
      });
    const refused = await change(NEW_PASSWORD, PASSWORD).catch((error: unknown) => error);
    assert.ok(refused instanceof errors.ValidationError);
    assert.deepEqual(Object.keys(refused.errors), ["current_password"]);
    await change(PASSWORD, NEW_PASSWORD);
    await laptop.api.users.me.get();
    await assert.rejects(phone.api.users.me.get(), errors.SessionRevoked);
    await assert.rejects(phone.api.auth.login(ada.credentials), errors.InvalidCredentials);
    const credentials = { email: ada.email, password: NEW_PASSWORD };
    await phone.api.auth.login(credentials);

    // In the end she leaves everywhere at once, and is welcome to come back.
    await phone.api.auth.logoutAll();
    assert.equal(await phone.api.isSignedIn(), false);
    await assert.rejects(laptop.api.users.me.get(), errors.SessionRevoked);
    await laptop.api.auth.login(credentials);
    assert.equal((await laptop.api.users.me.get()).id, born.id);

    // And when she leaves for good, nothing is left of her.
    await laptop.api.users.me.delete({ password: NEW_PASSWORD });
    assert.equal(await laptop.api.isSignedIn(), false);
    await assert.rejects(laptop.api.auth.login(credentials), errors.InvalidCredentials);
  });

  it("throws a thief out", async () => {
    const ada = new Person();
    const [phone, laptop, thief] = [
      ada.device("phone"),
      ada.device("laptop"),
      ada.device("somewhere else"),
    ];
    await ada.signUp(phone);
    await laptop.api.auth.login(ada.credentials);

    // Somebody copies all that the phone keeps, and goes first.
    thief.store.save(phone.tokens());
    await thief.api.auth.refresh();
    await thief.api.auth.refresh();

    // When the phone uses its own, neither of the two is let in any longer.
    await assert.rejects(phone.api.auth.refresh(), errors.RefreshTokenReused);
    assert.equal(await phone.api.isSignedIn(), false);
    await assert.rejects(thief.api.users.me.get(), errors.SessionRevoked);

    // The laptop is not touched, and the phone just signs in again.
    await laptop.api.users.me.get();
    await phone.api.auth.login(ada.credentials);
  });

  it("throws a thief out who is content with the phone's own answer", async () => {
    const ada = new Person();
    const [phone, thief] = [ada.device("phone"), ada.device("somewhere else")];
    await ada.signUp(phone);

    // The thief has the key, too, so that both get one successor: it parts them at its own end.
    thief.store.save(phone.tokens());
    await thief.api.auth.refresh();
    await phone.api.auth.refresh();
    assert.equal(phone.tokens().refresh, thief.tokens().refresh);
    await thief.api.auth.refresh();
    await assert.rejects(phone.api.auth.refresh(), errors.RefreshTokenReused);
    await assert.rejects(thief.api.users.me.get(), errors.SessionRevoked);
  });

  it("is open in two tabs that wake up together", async () => {
    await using proxy = await Proxy.before(SERVICE);
    const ada = new Person();
    const laptop = ada.device("laptop", proxy.url);
    const tab = ada.device("laptop", proxy.url, { tokens: laptop.store });
    await ada.signUp(laptop);

    // They spend one token with one key: both are given the same successor.
    await Promise.all([laptop.api.auth.refresh(), tab.api.auth.refresh()]);
    assert.deepEqual(proxy.to("auth/refresh/").map(({ status }) => status), [200, 200]);
    await tab.api.users.me.get();

    // Tokens without a key, from elsewhere: the slower tab is told so, and takes the other's.
    const { access, refresh } = laptop.tokens();
    laptop.store.save({ access, refresh });
    await Promise.all([laptop.api.auth.refresh(), tab.api.auth.refresh()]);
    const answers = proxy.to("auth/refresh/").slice(2);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401]);
    await laptop.api.auth.refresh();
    await tab.api.users.me.get();
  });

  it("is left by one device after the other", async () => {
    const ada = new Person();
    const [phone, laptop] = [ada.device("phone"), ada.device("laptop")];
    await ada.signUp(phone);
    await laptop.api.auth.login(ada.credentials);

    // The phone leaves, twice by mistake.
    const { refresh } = phone.tokens();
    await phone.api.auth.logout();
    await phone.api.auth.logout({ refresh });
    await assert.rejects(phone.api.users.me.get(), errors.NotAuthenticated);
    await laptop.api.users.me.get();
    await laptop.api.auth.logout();
    await assert.rejects(laptop.api.users.me.get(), errors.NotAuthenticated);
    await assert.rejects(laptop.api.auth.logout(), errors.NotAuthenticated);
  });

  it("pages through its devices", async () => {
    const ada = new Person();
    const phone = ada.device("phone");
    await ada.signUp(phone);
    for (let number = 0; number < 5; number++) {
      await ada.device(`device ${number}`).api.auth.login(ada.credentials);
    }
    const names = [4, 3, 2, 1, 0].map((number) => `device ${number}`).concat("phone");
    const agents = (sessions: Session[]): string[] => sessions.map((one) => one.user_agent);
    const { sessions } = phone.api.auth;
    assert.deepEqual(agents(await all(sessions.iterate({ page_size: 2 }))), names);

    // There and back again, page by page.
    const first = await sessions.list({ page_size: 2 });
    const second = await sessions.list({ page_size: 2, cursor: cursorOf(first.next ?? "") });
    assert.deepEqual(agents(second.results), names.slice(2, 4));
    const back = await sessions.list({ page_size: 2, cursor: cursorOf(second.previous ?? "") });
    assert.deepEqual(back.results, first.results);
    await assert.rejects(sessions.list({ cursor: "damaged" }), errors.BadRequest);
  });

  it("is nobody else's business", async () => {
    const [ada, eve] = [new Person(), new Person()];
    const [phone, laptop] = [ada.device("phone"), eve.device("laptop")];
    await ada.signUp(phone);
    await eve.signUp(laptop);
    const [adas] = (await phone.api.auth.sessions.list()).results;
    const me = await phone.api.users.me.get();

    // Eve sees herself only, and cannot touch Ada, whose ids she knows.
    await assert.rejects(laptop.api.auth.sessions.end(adas?.id ?? ""), errors.NotFound);
    await assert.rejects(laptop.api.users.get(me.id), errors.NotFound);
    await assert.rejects(laptop.api.users.update(me.id, {}), errors.PermissionDenied);
    await assert.rejects(laptop.api.users.list(), errors.PermissionDenied);
    assert.equal((await laptop.api.users.me.get()).email, eve.email);
    await laptop.api.auth.logoutAll();
    await phone.api.users.me.get();
  });

  it("is changed from two devices, and neither undoes the other", async () => {
    const ada = new Person();
    const [phone, laptop] = [ada.device("phone"), ada.device("laptop")];
    await ada.signUp(phone);
    await laptop.api.auth.login(ada.credentials);
    const seen = await laptop.api.users.me.get();
    assert.equal(await laptop.api.users.me.get({ ifNoneMatch: seen }), seen);

    let me = await phone.api.users.me.get();
    me = await phone.api.users.me.update({ first_name: "Ada" }, { ifMatch: me });
    me = await phone.api.users.me.update({ last_name: "Lovelace" }, { ifMatch: me });
    const late = laptop.api.users.me.update({ first_name: "Augusta" }, { ifMatch: seen });
    await assert.rejects(late, errors.PreconditionFailed);
    const now = await laptop.api.users.me.get({ ifNoneMatch: seen });
    assert.deepEqual(now, me);
    const ifMatch = etagOf(now) ?? "";
    const renamed = await laptop.api.users.me.update({ first_name: "Augusta" }, { ifMatch });
    assert.equal(renamed.last_name, "Lovelace");
  });

  it("is found by staff", async () => {
    const { STAFF_EMAIL: email = "", STAFF_PASSWORD: password = "" } = process.env;
    const staff = new Client(SERVICE);
    await staff.auth.login({ email, password });
    const family = Array.from({ length: 3 }, () => new Person());
    for (const person of family) await person.signUp(person.device("phone"));
    for (const { email } of family) {
      const [found, ...more] = await all(staff.users.iterate({ search: email }));
      assert.deepEqual(more, []);
      assert.equal(found?.email, email);
      const { results } = await staff.users.securityEvents(found.id);
      assert.deepEqual(results.map(({ type }) => type), ["login_succeeded", "registered"]);
      const read = await staff.users.get(found.id);
      const changed = await staff.users.update(found.id, { is_active: false }, { ifMatch: read });
      assert.ok("is_active" in changed && !changed.is_active);
    }
    const search = family[0]?.email.slice(0, 4) ?? "";
    const found = await all(staff.users.iterate({ search, is_active: false, page_size: 1 }));
    const emails = new Set(found.map((user) => user.email));
    assert.ok(family.every(({ email }) => emails.has(email)));
  });

  it("tells how the service is", async () => {
    const api = new Client(SERVICE);
    assert.deepEqual(await api.health.live(), { status: "healthy" });
    assert.equal((await api.health.read()).checks.database.status, "up");
    assert.match((await api.health.ready()).version, /\d/);
  });
});
