import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { never, openResolver, serve, texts } from "./open-resolver.ts";

test("an address, the hosts file and localhost need no server", async (context) => {
  const server = await serve(context, () => ({ kind: "nxdomain" }));
  const hosts = "192.0.2.7 Router.example\n192.0.2.8 localhost\n";
  const { resolver } = openResolver(context, { servers: [server], hosts });
  const ways = [resolver.fresh, resolver.cached];
  for (const resolve of ways) {
    assert.deepEqual(await resolve("fe80::1%eth0", never), {
      kind: "resolved",
      addresses: [{ text: "fe80::1%eth0", family: "ipv6" }],
      ttlSeconds: 3600,
      isStale: false,
    });
    assert.deepEqual(texts(await resolve("ROUTER.example.", never)), ["192.0.2.7"]);
    assert.deepEqual(texts(await resolve("app.localhost", never)), ["127.0.0.1", "::1"]);
  }
  assert.equal(server.queries.length, 0);
});

test("a change of the hosts file is seen, over a kept answer too", async (context) => {
  const server = await serve(context, () => ({ kind: "records", addresses: ["192.0.2.1"] }));
  const { resolver, clock, paths } = openResolver(context, { servers: [server] });
  assert.deepEqual(texts(await resolver.cached("www.example", never)), ["192.0.2.1"]);
  writeFileSync(paths.hosts, "192.0.2.9 www.example\n");
  clock.advanceSeconds(1);
  assert.deepEqual(texts(await resolver.cached("www.example", never)), ["192.0.2.9"]);
});

test("the search list of resolv.conf is used, and a change of it seen", async (context) => {
  const server = await serve(context, ({ name }) =>
    name === "www.new.example"
      ? { kind: "records", addresses: ["192.0.2.1"] }
      : { kind: "nxdomain" },
  );
  const { resolver, clock, paths } = openResolver(context, {
    servers: [server],
    resolvConf: "search old.example\n",
  });
  assert.equal(texts(await resolver.fresh("www", never)), "dns_nxdomain");
  writeFileSync(paths.resolvConf, "search new.example and.example\noptions ndots:3\n");
  clock.advanceSeconds(1);
  assert.deepEqual(texts(await resolver.fresh("www", never)), ["192.0.2.1"]);
  const names = server.queries.filter(({ type }) => type === "A").map(({ name }) => name);
  assert.deepEqual(names, ["www.old.example", "www", "www.new.example"]);
});

test("resolver.search takes the place of resolv.conf's", async (context) => {
  const server = await serve(context, () => ({ kind: "nxdomain" }));
  const { resolver } = openResolver(context, {
    servers: [server],
    search: ["Ours.example."],
    resolvConf: "search theirs.example\n",
  });
  await resolver.fresh("www", never);
  await resolver.fresh("absolute.", never);
  const names = server.queries.filter(({ type }) => type === "A").map(({ name }) => name);
  assert.deepEqual(names, ["www.ours.example", "www", "absolute"]);
});

test("an international name is asked for in its ASCII form", async (context) => {
  const server = await serve(context, () => ({ kind: "records", addresses: ["192.0.2.1"] }));
  const { resolver } = openResolver(context, { servers: [server] });
  await resolver.fresh("Bücher.example", never);
  assert.equal(server.queries[0]?.name, "xn--bcher-kva.example");
});
