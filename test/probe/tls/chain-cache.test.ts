import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, type TestContext, test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { ChainCache } from "../../../src/probe/tls/chain-cache.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";

let authority: Authority;
before(() => {
  authority = createAuthority();
});
after(() => authority.close());

const issue = (day: string): Issued =>
  authority.issue({
    name: `until-${day}`,
    subject: "/CN=localhost",
    names: "DNS:localhost",
    times: { start: "20200101000000Z", end: `204001${day}000000Z` },
  });

/** Serves with one chain, which can be changed for the connections after. */
async function serving(t: TestContext, first: { cert: string; key: string }) {
  const server = createServer(first);
  server.on("secureConnection", (socket) => socket.on("error", () => socket.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const shake = async (): Promise<TLSSocket> => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    t.after(() => socket.destroy());
    return socket;
  };
  return { server, shake };
}

const end = (day: number): number => Date.UTC(2040, 0, day) / 1000;

test("read() takes over what a chain said of the same certificate, for a minute", async (t) => {
  const leaf = issue("10");
  const other = issue("05");
  const clock = fakeClock();
  const chains = new ChainCache(clock);
  const { server, shake } = await serving(t, leaf);
  assert.equal(chains.read(await shake(), false)?.facts.earliestNotAfterSeconds, end(10));
  // The same certificate of its own, and an intermediate one that ends sooner.
  server.setSecureContext({ key: leaf.key, cert: `${leaf.cert}\n${other.cert}` });
  assert.equal(chains.read(await shake(), false)?.facts.earliestNotAfterSeconds, end(10));
  clock.advanceSeconds(60);
  assert.equal(chains.read(await shake(), false)?.facts.earliestNotAfterSeconds, end(5));
});

test("read() sees another certificate at once", async (t) => {
  const chains = new ChainCache(fakeClock());
  const { server, shake } = await serving(t, issue("11"));
  assert.equal(chains.read(await shake(), false)?.facts.earliestNotAfterSeconds, end(11));
  server.setSecureContext(issue("12"));
  const read = chains.read(await shake(), false);
  assert.equal(read?.facts.earliestNotAfterSeconds, end(12));
  assert.equal(read?.leaf.validTo, "Jan 12 00:00:00 2040 GMT");
});

test("read() does not take over what the same certificate said on another machine", async (t) => {
  const leaf = issue("13");
  const other = issue("06");
  const chains = new ChainCache(fakeClock());
  const one = await serving(t, leaf);
  const two = await serving(t, { key: leaf.key, cert: `${leaf.cert}\n${other.cert}` });
  assert.equal(chains.read(await one.shake(), false)?.facts.earliestNotAfterSeconds, end(13));
  assert.equal(chains.read(await two.shake(), false)?.facts.earliestNotAfterSeconds, end(6));
});

test("read() tells the version and cipher of each connection", async (t) => {
  const leaf = issue("14");
  const chains = new ChainCache(fakeClock());
  const server = createServer({ ...leaf, minVersion: "TLSv1.2" });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  for (const [maxVersion, version] of [
    ["TLSv1.2", "TLS 1.2"],
    ["TLSv1.3", "TLS 1.3"],
  ] as const) {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, maxVersion });
    await once(socket, "secureConnect");
    t.after(() => socket.destroy());
    assert.equal(chains.read(socket, false)?.facts.version, version);
  }
});
