import assert from "node:assert/strict";
import { test } from "node:test";
import type { AskServer, FamilyAnswer } from "../../src/resolve/dns-answer.ts";
import { type DnsScript, startDnsServer } from "../support/dns-server.ts";
import { never, openResolver, serve, texts } from "./open-resolver.ts";

test("fresh() gives the addresses of both families with their TTL", async (context) => {
  const server = await serve(context, () => ({
    kind: "records",
    addresses: ["192.0.2.1", "192.0.2.2", "2001:db8::1"],
    ttlSeconds: 77,
  }));
  const { resolver } = openResolver(context, { servers: [server] });
  assert.deepEqual(await resolver.fresh("www.example", never), {
    kind: "resolved",
    addresses: [
      { text: "192.0.2.1", family: "ipv4" },
      { text: "192.0.2.2", family: "ipv4" },
      { text: "2001:db8::1", family: "ipv6" },
    ],
    ttlSeconds: 77,
    isStale: false,
  });
  assert.deepEqual(server.queries.map(({ type }) => type).toSorted(), ["A", "AAAA"]);
});

test("fresh() asks the server each time, cached() once in a TTL", async (context) => {
  const server = await serve(context, () => ({ kind: "records", addresses: ["192.0.2.1"] }));
  const { resolver, clock } = openResolver(context, { servers: [server] });
  await resolver.fresh("fresh.example", never);
  await resolver.fresh("fresh.example", never);
  await resolver.cached("cached.example", never);
  await resolver.cached("cached.example", never);
  const count = (name: string) =>
    server.queries.filter((query) => query.name === name && query.type === "A").length;
  assert.deepEqual([count("fresh.example"), count("cached.example")], [2, 1]);
  clock.advanceSeconds(60);
  await resolver.cached("cached.example", never);
  assert.equal(count("cached.example"), 2);
});

test("the TTL of an alias counts when it is the shortest", async (context) => {
  const server = await serve(context, () => ({
    kind: "records",
    addresses: ["192.0.2.1"],
    ttlSeconds: 300,
    alias: { name: "real.example", ttlSeconds: 20 },
  }));
  const { resolver } = openResolver(context, { servers: [server] });
  const resolution = await resolver.fresh("www.example", never);
  assert.ok(resolution.kind === "resolved");
  assert.equal(resolution.ttlSeconds, 20);
});

test("a truncated answer is asked for again over TCP", async (context) => {
  const server = await serve(context, () => ({
    kind: "records",
    addresses: ["192.0.2.1"],
    isTruncated: true,
  }));
  const { resolver } = openResolver(context, { servers: [server] });
  assert.deepEqual(texts(await resolver.fresh("www.example", never)), ["192.0.2.1"]);
  assert.ok(server.queries.some(({ transport }) => transport === "tcp"));
});

const failures = [
  { name: "NXDOMAIN", script: () => ({ kind: "nxdomain" }), want: "dns_nxdomain" },
  { name: "no record", script: () => ({ kind: "records", addresses: [] }), want: "dns_no_address" },
  { name: "SERVFAIL", script: () => ({ kind: "servfail" }), want: "dns_server_failure" },
  { name: "REFUSED", script: () => ({ kind: "refused" }), want: "dns_refused" },
  { name: "a malformed answer", script: () => ({ kind: "malformed" }), want: "dns_server_failure" },
] as const satisfies readonly { name: string; script: DnsScript; want: string }[];

for (const { name, script, want } of failures) {
  test(`${name} is ${want}`, async (context) => {
    const server = await serve(context, script);
    const { resolver } = openResolver(context, { servers: [server] });
    const resolution = await resolver.fresh("www.example", never);
    assert.equal(texts(resolution), want);
    assert.ok(resolution.kind === "failed" && resolution.detail.includes('"www.example"'));
  });
}

test("a silent server is dns_timeout when the time is up", async (context) => {
  const server = await serve(context, () => ({ kind: "silence" }));
  const { resolver } = openResolver(context, { servers: [server], timeout: "200ms" });
  const resolution = await resolver.fresh("www.example", never);
  assert.deepEqual(resolution, {
    kind: "failed",
    reason: "dns_timeout",
    detail: `"www.example" got no answer from a name server within 200ms (asked ${server.address} for www.example)`,
  });
});

test("a port where nobody listens is dns_server_failure", async (context) => {
  const server = await startDnsServer(() => ({ kind: "silence" }));
  await server.close();
  const { resolver } = openResolver(context, { servers: [server] });
  const resolution = await resolver.fresh("www.example", never);
  assert.equal(texts(resolution), "dns_server_failure");
});

test("a name that is none is dns_bad_name, and nobody is asked", async (context) => {
  const server = await serve(context, () => ({ kind: "nxdomain" }));
  const { resolver } = openResolver(context, { servers: [server] });
  for (const name of ["", "a b", "a..b", "300.1.2.3"]) {
    assert.equal(texts(await resolver.fresh(name, never)), "dns_bad_name");
    assert.equal(texts(await resolver.cached(name, never)), "dns_bad_name");
  }
  assert.equal(server.queries.length, 0);
});

test("an answer that comes after the question was repeated is still heard", async (context) => {
  // With timeout:1 the question goes out again after a second; c-ares alone forgets the first then.
  const server = await serve(context, ({ name }) => ({
    kind: "records",
    addresses: ["192.0.2.1"],
    delaySeconds: name === "slow.example" ? 1.4 : 0.005,
  }));
  const { resolver } = openResolver(context, {
    servers: [server],
    resolvConf: "options timeout:1\n",
  });
  // Quick answers must not make it impatient: after three of them c-ares would wait 250 ms.
  for (let at = 0; at < 4; at += 1) await resolver.fresh("quick.example", never);
  assert.deepEqual(texts(await resolver.fresh("slow.example", never)), ["192.0.2.1"]);
  assert.equal(server.queries.filter(({ name }) => name === "slow.example").length, 4);
});

test("one family's silence leaves the other's addresses", async (context) => {
  const server = await serve(context, ({ type }) =>
    type === "A" ? { kind: "records", addresses: ["192.0.2.1"] } : { kind: "silence" },
  );
  const { resolver } = openResolver(context, { servers: [server], timeout: "1s" });
  assert.deepEqual(texts(await resolver.fresh("www.example", never)), ["192.0.2.1"]);
});

test("the next server is asked when the first is in trouble or silent", async (context) => {
  const good = await serve(context, () => ({ kind: "records", addresses: ["192.0.2.1"] }));
  const failing = await serve(context, () => ({ kind: "servfail" }));
  const silent = await serve(context, () => ({ kind: "silence" }));
  const { resolver } = openResolver(context, { servers: [failing, silent, good], timeout: "6s" });
  assert.deepEqual(texts(await resolver.fresh("www.example", never)), ["192.0.2.1"]);
  assert.equal(silent.queries.length, 2);
  assert.deepEqual(texts(await resolver.fresh("other.example", never)), ["192.0.2.1"]);
  assert.equal(silent.queries.length, 2); // It comes last now.
});

test("a hundred silent names do not hold up another", async (context) => {
  const server = await serve(context, ({ name }) =>
    name.startsWith("dead") ? { kind: "silence" } : { kind: "records", addresses: ["192.0.2.1"] },
  );
  const { resolver } = openResolver(context, { servers: [server] });
  const enough = new AbortController();
  // Their questions must fit into the receive buffer of the test's server all at once.
  const names = Array.from({ length: 100 }, (_, at) => `dead${at}.example`);
  const dead = Promise.allSettled(names.map((name) => resolver.cached(name, enough.signal)));
  assert.deepEqual(texts(await resolver.cached("alive.example", never)), ["192.0.2.1"]);
  enough.abort();
  assert.ok((await dead).every(({ status }) => status === "rejected"));
});

test("any number of names that were silent leaves turns free for others", async (context) => {
  let isFirstRound = true;
  const askServer: AskServer = (_server, name) => {
    const answer: FamilyAnswer = name.startsWith("alive")
      ? { kind: "records", records: [{ address: "192.0.2.1", ttlSeconds: 60 }] }
      : { kind: "failed", reason: "dns_timeout", code: "ETIMEOUT" };
    const isHeard = isFirstRound || name.startsWith("alive");
    return {
      answer: isHeard ? Promise.resolve(answer) : new Promise(() => {}),
      cancel: () => {},
    };
  };
  const { resolver } = openResolver(context, { askServer });
  const enough = new AbortController();
  const names = Array.from({ length: 400 }, (_, at) => `dead${at}.example`);
  const askAll = () => Promise.allSettled(names.map((name) => resolver.fresh(name, enough.signal)));
  await askAll();
  isFirstRound = false;
  const dead = askAll();
  assert.equal((await resolver.fresh("alive.example", never)).kind, "resolved");
  enough.abort();
  assert.ok((await dead).every(({ status }) => status === "rejected"));
});

test("an abort ends a look-up at once with its reason", async (context) => {
  const gone = new Error("the probe is over");
  const controller = new AbortController();
  const server = await serve(context, () => {
    controller.abort(gone);
    return { kind: "silence" };
  });
  const { resolver } = openResolver(context, { servers: [server] });
  await assert.rejects(resolver.fresh("www.example", controller.signal), gone);
  await assert.rejects(resolver.cached("www.example", controller.signal), gone);
});

test("close() ends what is in flight and refuses what comes after", async (context) => {
  const closed = { message: "Cannot resolve names: the resolver is closed" };
  const server = await serve(context, () => {
    resolver.close();
    return { kind: "silence" };
  });
  const { resolver } = openResolver(context, { servers: [server] });
  const both = [resolver.fresh("a.example", never), resolver.cached("b.example", never)];
  for (const one of both) await assert.rejects(one, closed);
  await assert.rejects(resolver.fresh("www.example", never), closed);
  await assert.rejects(resolver.cached("192.0.2.1", never), closed);
});
