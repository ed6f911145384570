import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { connect, createServer, type SecureVersion } from "node:tls";
import fc from "fast-check";
import { sessionCertificate } from "../../../src/probe/tls/session-certificate.ts";
import { type Authority, createAuthority } from "../certificates.ts";

let authority: Authority;
before(() => {
  authority = createAuthority();
});
after(() => authority.close());

for (const version of ["TLSv1.2", "TLSv1.3"] satisfies SecureVersion[]) {
  test(`sessionCertificate() finds the server's certificate in a session of ${version}`, async (t) => {
    const { cert, key } = authority.issue({
      name: "session",
      subject: "/CN=session",
      names: "DNS:localhost",
    });
    const server = createServer({ cert, key, minVersion: version, maxVersion: version });
    server.on("secureConnection", (socket) => socket.on("error", () => socket.destroy()));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    t.after(() => socket.destroy());
    const found = sessionCertificate(socket.getSession());
    assert.ok(found !== undefined);
    assert.deepEqual(Buffer.from(found), new X509Certificate(cert).raw);
  });
}

test("sessionCertificate() of anything else is undefined or bytes of it, and never throws", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const found = sessionCertificate(bytes);
      assert.ok(found === undefined || found.length <= bytes.length);
      assert.equal(sessionCertificate(Uint8Array.of(0x30, 0x82, 0xff, 0xff, ...bytes)), undefined);
    }),
  );
  assert.equal(sessionCertificate(undefined), undefined);
});
