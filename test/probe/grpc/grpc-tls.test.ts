import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import type { SecureServerOptions } from "node:http2";
import { after, before, type TestContext, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { listen, probeTools, reasonOf } from "../lab.ts";
import { answer, check, serveCalls, serving } from "./grpc-lab.ts";

let authority: Authority;
let stranger: Authority;
let site: Issued;
before(() => {
  authority = createAuthority();
  stranger = createAuthority();
  site = authority.issue({
    name: "site",
    subject: "/CN=site",
    names: "DNS:site.example,IP:127.0.0.1",
  });
});
after(() => {
  authority.close();
  stranger.close();
});

const trusting = (more: Record<string, unknown> = {}) => ({
  tls: true,
  tls_config: { ca_file: authority.caFile, ...more },
});

async function serve(t: TestContext, options: SecureServerOptions) {
  return await serveCalls(t, (stream) => answer(stream, serving(1)), options);
}

test("a call over TLS has the certificate's facts, and its name as the authority", async (t) => {
  const { port, calls } = await serve(t, site);
  const outcome = await check(`site.example:${port}`, trusting());
  assert.equal(reasonOf(outcome), "succeeded");
  const notAfterSeconds = Date.parse(new X509Certificate(site.cert).validTo) / 1000;
  assert.equal(outcome.facts.isTls, true);
  assert.equal(outcome.facts.tls?.version, "TLS 1.3");
  assert.equal(outcome.facts.tls?.earliestNotAfterSeconds, notAfterSeconds);
  assert.equal(outcome.facts.tls?.verifiedNotAfterSeconds, notAfterSeconds);
  assert.ok(outcome.facts.phases.tls > 0);
  assert.equal(calls[0]?.headers[":authority"], "site.example");
  assert.equal(calls[0]?.headers[":scheme"], "https");
});

test("server_name stands for the target's name, in the certificate and in the authority", async (t) => {
  const { port, calls } = await serve(t, site);
  const outcome = await check(`other.example:${port}`, trusting({ server_name: "site.example" }));
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(calls[0]?.headers[":authority"], "site.example");
});

test("an address in the certificate is enough for a target that is one", async (t) => {
  const { port } = await serve(t, site);
  assert.equal(reasonOf(await check(`127.0.0.1:${port}`, trusting())), "succeeded");
});

const failures: readonly {
  readonly name: string;
  readonly reason: string;
  readonly issue?: () => Issued;
  readonly target?: string;
}[] = [
  {
    name: "an expired certificate",
    reason: "tls_expired",
    issue: () =>
      authority.issue({
        name: "old",
        subject: "/CN=old",
        names: "DNS:site.example",
        times: { start: "20200101000000Z", end: "20200201000000Z" },
      }),
  },
  {
    name: "a certificate of an unknown authority",
    reason: "tls_untrusted",
    issue: () => stranger.issue({ name: "self", subject: "/CN=self", names: "DNS:site.example" }),
  },
  { name: "another name", reason: "tls_name_mismatch", target: "other.example" },
];

for (const { name, reason, issue, target = "site.example" } of failures) {
  test(`${name} ends in ${reason} with the certificate's facts and no call`, async (t) => {
    const { port, calls } = await serve(t, issue?.() ?? site);
    const outcome = await check(`${target}:${port}`, trusting());
    assert.equal(reasonOf(outcome), reason);
    assert.equal(outcome.facts.statusCode, 14);
    assert.equal(outcome.facts.isTls, false);
    assert.ok(outcome.facts.tls !== undefined);
    assert.equal(outcome.facts.tls.verifiedNotAfterSeconds, undefined);
    assert.equal(calls.length, 0);
  });

  test(`${name} is no matter when it is not verified`, async (t) => {
    const { port } = await serve(t, issue?.() ?? site);
    const outcome = await check(`${target}:${port}`, trusting({ insecure_skip_verify: true }));
    assert.equal(reasonOf(outcome), "succeeded");
    assert.equal(outcome.facts.isTls, true);
  });
}

test("a server without TLS ends in tls_handshake", async (t) => {
  const { port } = await serveCalls(t, (stream) => answer(stream, serving(1)));
  const outcome = await check(`site.example:${port}`, trusting());
  assert.equal(reasonOf(outcome), "tls_handshake");
  assert.equal(outcome.facts.statusCode, 14);
});

test("a server that does not agree to HTTP/2 is told so", async (t) => {
  const server = createTlsServer({ ...site }, (socket) => socket.on("error", () => {}));
  const { port } = await listen(t, server);
  const outcome = await check(`site.example:${port}`, trusting());
  assert.equal(reasonOf(outcome), "grpc_protocol");
  assert.ok(outcome.kind === "failed" && outcome.detail.includes("ALPN"));
  assert.equal(outcome.facts.isTls, true);
});

test("roots that cannot be read fail before the name is looked up", async () => {
  let lookups = 0;
  const { resolve } = probeTools();
  const outcome = await check(
    "site.example",
    { tls: true, tls_config: { ca_file: "/nowhere/ca.pem" } },
    {
      tools: {
        resolve: async (name, signal) => {
          lookups += 1;
          return await resolve(name, signal);
        },
      },
    },
  );
  assert.equal(reasonOf(outcome), "tls_untrusted");
  assert.equal(lookups, 0);
  assert.equal(outcome.facts.statusCode, undefined);
});
