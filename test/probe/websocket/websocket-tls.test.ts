import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { reasonOf } from "../lab.ts";
import { serveWebsocket, upgrade } from "./websocket-lab.ts";

let authority: Authority;
let site: Issued;
before(() => {
  authority = createAuthority();
  site = authority.issue({ name: "site", subject: "/CN=site", names: "DNS:site.example" });
});
after(() => authority.close());

const trusting = (more: Record<string, unknown> = {}) => ({
  http_config: { tls_config: { ca_file: authority.caFile, ...more } },
});

test("wss:// has the certificate's facts, and speaks HTTP/1.1 to the name", async (t) => {
  const { port, requests } = await serveWebsocket(t, (peer) => peer.send("hi"), {
    ...site,
    ALPNProtocols: ["h2", "http/1.1"],
  });
  const outcome = await upgrade(`wss://site.example:${port}/`, {
    ...trusting(),
    query_response: [{ expect: "^hi$" }],
  });
  assert.equal(reasonOf(outcome), "succeeded");
  const notAfterSeconds = Date.parse(new X509Certificate(site.cert).validTo) / 1000;
  assert.equal(outcome.facts.tls?.earliestNotAfterSeconds, notAfterSeconds);
  assert.equal(outcome.facts.tls?.verifiedNotAfterSeconds, notAfterSeconds);
  assert.ok(outcome.facts.phases.tls > 0);
  const socket = requests[0]?.socket as TLSSocket & { servername?: string };
  assert.equal(socket.alpnProtocol, "http/1.1");
  assert.equal(socket.servername, "site.example");
});

const failures: readonly {
  readonly name: string;
  readonly reason: string;
  readonly times?: { readonly start: string; readonly end: string };
  readonly target?: string;
  readonly isStranger?: boolean;
}[] = [
  {
    name: "an expired certificate",
    reason: "tls_expired",
    times: { start: "20200101000000Z", end: "20200201000000Z" },
  },
  { name: "another name", reason: "tls_name_mismatch", target: "other.example" },
  { name: "a certificate of an unknown authority", reason: "tls_untrusted", isStranger: true },
];

for (const [at, { name, reason, times, target, isStranger }] of failures.entries()) {
  test(`${name} ends in ${reason}, unless it is not verified`, async (t) => {
    const served =
      times === undefined
        ? site
        : authority.issue({ name: `a${at}`, subject: "/CN=a", names: "DNS:site.example", times });
    const { port, requests } = await serveWebsocket(t, () => {}, served);
    const url = `wss://${target ?? "site.example"}:${port}`;
    const outcome = await upgrade(url, isStranger === true ? {} : trusting());
    assert.equal(reasonOf(outcome), reason);
    assert.deepEqual([outcome.facts.statusCode, outcome.facts.isUpgraded], [0, false]);
    assert.ok(outcome.facts.tls !== undefined);
    assert.equal(requests.length, 0);
    const unverified = await upgrade(url, trusting({ insecure_skip_verify: true }));
    assert.equal(reasonOf(unverified), "succeeded");
  });
}

test("a server without TLS ends in tls_handshake", async (t) => {
  const { port } = await serveWebsocket(t, () => {});
  assert.equal(reasonOf(await upgrade(`wss://site.example:${port}`, trusting())), "tls_handshake");
});
