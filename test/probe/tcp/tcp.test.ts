import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, Socket } from "node:net";
import { test } from "node:test";
import type { Resolve } from "../../../src/resolve/resolution.ts";
import { detailOf, serve, tcp } from "../dialogue/peers.ts";
import { later, listen, reasonOf } from "../lab.ts";

const NOTHING_LEARNT = {
  isFailedByRegexp: false,
  isFailedByBytes: false,
  expectInfo: undefined,
  tls: undefined,
} as const;

test("a port that somebody listens on is a success, whatever is done there", async (t) => {
  const { target } = await serve(t, (caller) => caller.socket.destroy());
  const outcome = await tcp(target);
  assert.equal(reasonOf(outcome), "succeeded");
  assert.deepEqual(outcome.address, { text: "127.0.0.1", family: "ipv4" });
  const { phases, ...facts } = outcome.facts;
  assert.deepEqual(facts, { ...NOTHING_LEARNT, protocol: "tcp", isConnected: true });
  assert.ok(phases.connect > 0);
  assert.deepEqual({ ...phases, connect: 0 }, { resolve: 0, connect: 0, tls: 0, processing: 0 });
});

test("the connection is closed when the probe has ended", async (t) => {
  const ended: unknown[] = [];
  const { target, server } = await serve(t, async (caller) => ended.push(await caller.line()));
  const connected = once(server, "connection");
  await tcp(target);
  const [socket] = (await connected) as [Socket];
  if (ended.length === 0) await once(socket, "end");
  assert.deepEqual(ended, [""]);
});

test("a port that nobody listens on is refused", async (t) => {
  const server = createServer();
  const { port } = await listen(t, server);
  server.close();
  const outcome = await tcp(`127.0.0.1:${port}`);
  assert.equal(reasonOf(outcome), "connect_refused");
  assert.equal(outcome.facts.isConnected, false);
  assert.deepEqual(outcome.address, { text: "127.0.0.1", family: "ipv4" });
});

const badTargets = [
  { name: "no port", target: "127.0.0.1", says: /missing port in address/ },
  { name: "a bare IPv6 address", target: "::1", says: /too many colons in address/ },
  { name: "a URL", target: "http://127.0.0.1:80", says: /too many colons in address/ },
  { name: "a port that is no number", target: "127.0.0.1:eighty", says: /port "eighty"/ },
  { name: "a port beyond 65535", target: "127.0.0.1:65536", says: /port "65536"/ },
] as const;

for (const { name, target, says } of badTargets) {
  test(`a target with ${name} is a bad one`, async () => {
    const outcome = await tcp(target);
    assert.equal(reasonOf(outcome), "bad_target");
    assert.match(detailOf(outcome), says);
  });
}

test("a name is looked up, and the look-up is the phase resolve", async (t) => {
  const { port } = await serve(t, () => {});
  const outcome = await tcp(`db.example:${port}`);
  assert.equal(reasonOf(outcome), "succeeded");
  assert.ok(outcome.lookupSeconds > 0);
  assert.ok(outcome.facts.phases.resolve > 0);
});

test("a name that does not exist fails with the look-up's reason", async () => {
  const outcome = await tcp("gone.invalid:80");
  assert.equal(reasonOf(outcome), "dns_nxdomain");
  assert.equal(outcome.address, undefined);
});

const bothFamilies: Resolve = async () => ({
  kind: "resolved",
  addresses: [
    { text: "127.0.0.1", family: "ipv4" },
    { text: "::1", family: "ipv6" },
  ],
  ttlSeconds: 60,
  isStale: false,
});

const families = [
  { preferred: "ip4", host: "127.0.0.1", family: "ipv4" },
  { preferred: "ip6", host: "::1", family: "ipv6" },
  { preferred: "", host: "::1", family: "ipv6" },
] as const;

for (const { preferred, host, family } of families) {
  test(`preferred_ip_protocol "${preferred}" connects by ${family}`, async (t) => {
    const { port } = await serve(t, () => {}, { host });
    const options = { preferred_ip_protocol: preferred };
    const outcome = await tcp(`both.example:${port}`, options, {
      tools: { resolve: bothFamilies },
    });
    assert.equal(reasonOf(outcome), "succeeded");
    assert.deepEqual(outcome.address, { text: host, family });
  });
}

test("without ip_protocol_fallback a name of the other family alone has no address", async () => {
  const options = { preferred_ip_protocol: "ip6", ip_protocol_fallback: false };
  const outcome = await tcp("four.example:80", options);
  assert.equal(reasonOf(outcome), "dns_no_address");
});

for (const target of ["[::1]", "[::1%lo]"]) {
  test(`a target may be the IPv6 address ${target}`, async (t) => {
    const { port } = await serve(t, () => {}, { host: "::1" });
    const outcome = await tcp(`${target}:${port}`);
    assert.equal(reasonOf(outcome), "succeeded");
    assert.equal(outcome.address?.family, "ipv6");
  });
}

test("source_ip_address is where the connection comes from", async (t) => {
  const { target, server } = await serve(t, () => {});
  const connected = once(server, "connection");
  const outcome = await tcp(target, { source_ip_address: "127.0.0.9" });
  assert.equal(reasonOf(outcome), "succeeded");
  const [socket] = (await connected) as [Socket];
  assert.equal(socket.remoteAddress, "127.0.0.9");
});

const sources = [
  { name: "of the other family", source: "::1", says: /it is of the other family/ },
  { name: "that this machine does not have", source: "192.0.2.1", says: /EADDRNOTAVAIL/ },
] as const;

for (const { name, source, says } of sources) {
  test(`a source_ip_address ${name} reaches nobody`, async (t) => {
    const { target } = await serve(t, () => {});
    const outcome = await tcp(target, { source_ip_address: source });
    assert.equal(reasonOf(outcome), "connect_unreachable");
    assert.match(detailOf(outcome), says);
  });
}

test("the guard is asked about address, port and host, and obeyed before anything is opened", async () => {
  const asked: unknown[] = [];
  const outcome = await tcp(
    "db.example:5432",
    {},
    {
      tools: {
        guard: (hop) => {
          asked.push(hop);
          return { kind: "refused", rule: "deny", sentence: "not this one" };
        },
        open: () => assert.fail("a connection was opened"),
      },
    },
  );
  assert.equal(reasonOf(outcome), "policy_refused");
  assert.deepEqual(asked, [{ address: "127.0.0.1", port: 5432, host: "db.example" }]);
});

test("a connection that does not come about ends at the deadline", async () => {
  const socket = new Socket();
  const outcome = await tcp(
    "192.0.2.1:80",
    {},
    { timeoutSeconds: 0.05, tools: { open: () => socket } },
  );
  assert.equal(reasonOf(outcome), "connect_timeout");
  assert.equal(socket.destroyed, true);
});

test("a caller that goes away ends the probe", async (t) => {
  const { target } = await serve(t, () => {});
  const caller = new AbortController();
  later(0.02, () => caller.abort());
  const options = { query_response: [{ expect: "never" }] };
  const outcome = await tcp(target, options, { signal: caller.signal });
  assert.equal(reasonOf(outcome), "cancelled");
});

test("the log tells where the probe went", async (t) => {
  const { target, port } = await serve(t, (caller) => caller.say("hello\n"));
  const options = { query_response: [{ expect: "l+", send: "got $0" }] };
  const { log } = await tcp(target, options, { isDebug: true });
  assert.deepEqual(
    log.map(({ level, message, fields }) => ({ level, message, fields })),
    [
      { level: "info", message: "Connected", fields: { address: "127.0.0.1", port } },
      { level: "debug", message: "Processing query response entry", fields: { entry_number: 0 } },
      { level: "debug", message: "Read line", fields: { line: "hello" } },
      { level: "info", message: "Regexp matched", fields: { regexp: "l+", line: "hello" } },
      { level: "debug", message: "Sending line", fields: { line: "got ll" } },
    ],
  );
});
