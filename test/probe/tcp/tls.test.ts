import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { promised, serve, tcp } from "../dialogue/peers.ts";
import { reasonOf } from "../lab.ts";

let authority: Authority;
let site: Issued;
let old: Issued;

before(() => {
  authority = createAuthority();
  site = authority.issue({
    name: "site",
    subject: "/O=Lab/CN=site.example",
    names: "DNS:site.example,IP:127.0.0.1",
  });
  old = authority.issue({
    name: "old",
    subject: "/CN=site.example",
    names: "DNS:site.example",
    times: { start: "20200101000000Z", end: "20200201000000Z" },
  });
});
after(() => authority.close());

const trusting = (more: Record<string, unknown> = {}) => ({
  tls: true,
  tls_config: { ca_file: authority.caFile, ...more },
});

test("a server with a good certificate is a success that shows it", {
  timeout: 20_000,
}, async (t) => {
  const heard = promised<string>();
  const { port } = await serve(t, async (caller) => {
    const secured = await caller.startTls(site);
    heard.resolve(await secured.line());
  });
  const outcome = await tcp(`site.example:${port}`, trusting());
  assert.equal(reasonOf(outcome), "succeeded");
  const { tls, phases, isConnected } = outcome.facts;
  assert.equal(isConnected, true);
  assert.equal(tls?.version, "TLS 1.3");
  assert.equal(tls?.leaf.subject, "CN=site.example,O=Lab");
  assert.ok(tls?.verifiedNotAfterSeconds !== undefined);
  assert.ok(phases.connect > 0 && phases.tls > 0);
  assert.equal(await heard.promise, "");
});

test("an address is held against the addresses in the certificate", async (t) => {
  const { port } = await serve(t, (caller) => caller.startTls(site));
  assert.equal(reasonOf(await tcp(`127.0.0.1:${port}`, trusting())), "succeeded");
});

test("tls_config bounds the version", async (t) => {
  const { port } = await serve(t, (caller) => caller.startTls(site));
  const outcome = await tcp(`site.example:${port}`, trusting({ max_version: "TLS12" }));
  assert.equal(outcome.facts.tls?.version, "TLS 1.2");
});

const failing = [
  { name: "of another name", host: "web.example", of: () => site, reason: "tls_name_mismatch" },
  { name: "that has expired", host: "site.example", of: () => old, reason: "tls_expired" },
] as const;

for (const { name, host, of, reason } of failing) {
  test(`a certificate ${name} fails the probe with ${reason}, and is shown`, async (t) => {
    const { port } = await serve(t, (caller) => caller.startTls(of()));
    const outcome = await tcp(`${host}:${port}`, {
      ...trusting(),
      query_response: [{ expect: "never reached" }],
    });
    assert.equal(reasonOf(outcome), reason);
    assert.equal(outcome.facts.isConnected, false);
    assert.equal(outcome.facts.isFailedByRegexp, false);
    assert.ok(outcome.facts.tls !== undefined);
    assert.equal(outcome.facts.tls.verifiedNotAfterSeconds, undefined);
  });
}

test("a server that speaks no TLS fails the handshake", async (t) => {
  const { target } = await serve(t, (caller) => caller.say("220 mail.example ESMTP\r\n"));
  const outcome = await tcp(target, trusting());
  assert.equal(reasonOf(outcome), "tls_handshake");
  assert.equal(outcome.facts.isConnected, false);
});

test("a server that is silent in the handshake ends the probe at its deadline", async (t) => {
  const { target } = await serve(t, () => {});
  assert.equal(reasonOf(await tcp(target, trusting(), { timeoutSeconds: 0.2 })), "tls_timeout");
});

test("a dialogue behind TLS, as RabbitMQ's, is one in lines", { timeout: 20_000 }, async (t) => {
  const { port } = await serve(t, async (caller) => {
    const secured = await caller.startTls(site);
    const lines: string[] = [];
    while (lines.length < 4) lines.push(await secured.line());
    assert.deepEqual(lines, ["HELO\r", "\r", "\r", "\r"]);
    // The header of the protocol, without an end of line.
    secured.socket.end("AMQP\0\0\t\u0001");
  });
  const steps = [
    { send: "HELO\r" },
    { send: "\r" },
    { send: "\r" },
    { send: "\r" },
    { expect: "AMQP" },
  ];
  const outcome = await tcp(`site.example:${port}`, { ...trusting(), query_response: steps });
  assert.equal(reasonOf(outcome), "succeeded");
});
