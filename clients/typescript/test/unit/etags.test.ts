import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { errors, etagOf, type User } from "backend-client";

import { FakeService, json, me, refusal, type Reply } from "./fake.js";

const first = json(200, me, { ETag: '"1"' });
const second = json(200, { ...me, first_name: "Grace" }, { ETag: '"2"' });
const unchanged: Reply = () => new Response(null, { status: 304, headers: { ETag: '"1"' } });

describe("An ETag", () => {
  it("is kept beside what was answered, not in it", async () => {
    const read = await new FakeService(first).client().users.me.get();
    assert.equal(etagOf(read), '"1"');
    assert.deepEqual(read, me);
    assert.deepEqual(Reflect.ownKeys(read), Object.keys(me));
  });

  it("is not there if none was answered, nor of a copy", async () => {
    const service = new FakeService(json(200, me), first);
    const api = service.client();
    assert.equal(etagOf(await api.users.me.get()), undefined);
    assert.equal(etagOf({ ...(await api.users.me.get()) }), undefined);
  });
});

describe("ifMatch", () => {
  it("sends the ETag of what the caller has, and of what came of that", async () => {
    const service = new FakeService(first, second, second);
    const api = service.client();
    let user = await api.users.me.get();
    user = await api.users.me.update({ first_name: "Grace" }, { ifMatch: user });
    await api.users.me.update({ first_name: "Grace" }, { ifMatch: user });
    assert.deepEqual(service.sent("If-Match"), [null, '"1"', '"2"']);
  });

  it("takes an ETag itself", async () => {
    const service = new FakeService(second);
    await service.client().users.update("1", { first_name: "Grace" }, { ifMatch: '"1"' });
    assert.deepEqual(service.sent("If-Match"), ['"1"']);
  });

  it("says that it lost", async () => {
    const service = new FakeService(first, refusal(412, "precondition_failed"));
    const api = service.client();
    const ifMatch = await api.users.me.get();
    await assert.rejects(api.users.me.update({}, { ifMatch }), errors.PreconditionFailed);
  });

  it("changes nothing if it has no ETag", async () => {
    const service = new FakeService(first);
    const call = service.client().users.me.update({}, { ifMatch: me as User });
    await assert.rejects(call, TypeError);
    assert.equal(service.seen.length, 0);
  });
});

describe("ifNoneMatch", () => {
  it("returns what the caller has if that is still so", async () => {
    const service = new FakeService(first, unchanged);
    const api = service.client();
    const ifNoneMatch = await api.users.me.get();
    assert.equal(await api.users.me.get({ ifNoneMatch }), ifNoneMatch);
    assert.equal(etagOf(ifNoneMatch), '"1"');
    assert.deepEqual(service.sent("If-None-Match"), [null, '"1"']);
  });

  it("returns what has come of it otherwise", async () => {
    const service = new FakeService(first, second);
    const api = service.client();
    const ifNoneMatch = await api.users.me.get();
    const read = await api.users.me.get({ ifNoneMatch });
    assert.equal(read.first_name, "Grace");
    assert.equal(etagOf(read), '"2"');
  });

  it("just reads if it has no ETag", async () => {
    const service = new FakeService(first);
    const read = await service.client().users.me.get({ ifNoneMatch: me as User });
    assert.deepEqual(read, me);
    assert.deepEqual(service.sent("If-None-Match"), [null]);
  });
});
