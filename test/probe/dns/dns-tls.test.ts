import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { listen, reasonOf } from "../lab.ts";
import { ask, framed, serveStream } from "./servers.ts";
import { answerTo, record, string } from "./wire.ts";

let authority: Authority;
let site: Issued;
before(() => {
  authority = createAuthority();
  site = authority.issue({
    name: "ns",
    subject: "/CN=ns.example",
    names: "DNS:ns.example,IP:127.0.0.1,IP:::1",
  });
});
after(() => authority.close());

const certificates: readonly {
  name: string;
  target?: string;
  tls: () => Record<string, unknown>;
  reason: string;
}[] = [
  {
    name: "the name of the target",
    tls: () => ({ ca_file: authority.caFile }),
    target: "ns.example",
    reason: "succeeded",
  },
  {
    name: "another name",
    tls: () => ({ ca_file: authority.caFile }),
    target: "other.example",
    reason: "tls_name_mismatch",
  },
  {
    name: "the name of server_name",
    tls: () => ({ ca_file: authority.caFile, server_name: "ns.example" }),
    target: "other.example",
    reason: "succeeded",
  },
  { name: "an unknown issuer", tls: () => ({}), reason: "tls_untrusted" },
  {
    name: "an unknown issuer that is not looked at",
    tls: () => ({ insecure_skip_verify: true }),
    reason: "succeeded",
  },
];

for (const { name: what, target = "127.0.0.1", tls, reason } of certificates) {
  test(`a certificate with ${what} ends in ${reason}`, async (t) => {
    const asked: Buffer[] = [];
    const { port } = await serveStream(
      t,
      (query, socket) => {
        asked.push(query);
        socket.write(
          framed(answerTo(query, { answer: [record({ type: 16, data: string("x") })] })),
        );
      },
      { tls: { key: site.key, cert: site.cert } },
    );
    const dns = { transport_protocol: "tcp", dns_over_tls: true, tls_config: tls() };
    const outcome = await ask(`${target}:${port}`, dns);
    assert.equal(reasonOf(outcome), reason);
    assert.equal(asked.length, reason === "succeeded" ? 1 : 0);
    assert.notEqual(outcome.facts.tls?.earliestNotAfterSeconds, undefined);
  });
}

test("a server that speaks no TLS ends in tls_handshake", async (t) => {
  const { port } = await listen(t, createServer());
  const dns = { transport_protocol: "tcp", dns_over_tls: true };
  assert.equal(reasonOf(await ask(`127.0.0.1:${port}`, dns)), "tls_handshake");
});
