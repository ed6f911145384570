import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, before, type TestContext, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import fc from "fast-check";
import { FAILURE_REASONS } from "../../../src/probe/prober.ts";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { listen, probe, reasonOf, serveRaw } from "../lab.ts";

const RUNS = 60;
const ENDINGS: ReadonlySet<string> = new Set(["succeeded", ...FAILURE_REASONS]);

let authority: Authority;
let site: Issued;
before(() => {
  authority = createAuthority();
  site = authority.issue({ name: "site", subject: "/CN=site", names: "DNS:site.example" });
});
after(() => authority.close());

const fragment = fc.oneof(
  fc.constantFrom(
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 302 Found\r\n",
    "HTTP/1.1 103 Early Hints\r\n\r\n",
    "HTTP/2.0 999 ?\r\n",
    "content-length: 5\r\n",
    "content-length: 99999999999999999999\r\n",
    "transfer-encoding: chunked\r\n",
    "location: /again\r\n",
    "location: http://[::1\r\n",
    "set-cookie: a=b; path=/; domain=x\r\n",
    "connection: upgrade\r\nupgrade: h2c\r\n",
    "last-modified: never\r\n",
    "\r\n",
    "5\r\nhello\r\n0\r\n\r\n",
    "hello",
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
);

test("whatever bytes a server answers with, the probe ends in one of the known ways", async (t) => {
  let answer: readonly string[] = [];
  const server = await serveRaw(t, (socket) => {
    for (const part of answer) socket.write(part, "latin1");
    socket.end();
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fragment, { maxLength: 12 }), async (parts) => {
      answer = parts;
      const http = { fail_if_body_matches_regexp: ["zzz"] };
      const outcome = await probe(`127.0.0.1:${server.port}`, http, { isDebug: true });
      assert.ok(ENDINGS.has(reasonOf(outcome)));
      for (const seconds of Object.values(outcome.facts.phases)) assert.ok(seconds >= 0);
    }),
    { numRuns: RUNS },
  );
});

/** A TLS server that agrees to HTTP/2 and then sends what it likes. */
async function serveRawHttp2(t: TestContext, answer: (socket: Socket) => void): Promise<number> {
  const server = createTlsServer({ ...site, ALPNProtocols: ["h2"] }, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () => answer(socket));
  });
  return (await listen(t, server)).port;
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** The first byte of HPACK's static table for `:status: 200` (RFC 7541 appendix A). */
const STATUS_200 = Uint8Array.of(0x88);
const randomFrame = fc.oneof(
  fc.constantFrom(
    frame(4, 0, 0, new Uint8Array(0)),
    frame(1, 4, 1, STATUS_200),
    frame(1, 5, 1, STATUS_200),
    frame(0, 1, 1, Buffer.from("body")),
    frame(7, 0, 0, Buffer.alloc(8)),
    frame(3, 0, 1, Buffer.from([0, 0, 0, 8])),
    frame(6, 0, 0, Buffer.alloc(8)),
    frame(5, 4, 1, Buffer.from([0, 0, 0, 2, 0x82])),
  ),
  fc
    .tuple(fc.nat(12), fc.nat(255), fc.nat(3), fc.uint8Array({ maxLength: 12 }))
    .map(([type, flags, stream, payload]) => frame(type, flags, stream, payload)),
);

test("whatever frames a server answers with, the probe ends in one of the known ways", async (t) => {
  let answer: readonly Buffer[] = [];
  const port = await serveRawHttp2(t, (socket) => {
    for (const part of answer) socket.write(part);
    socket.end();
  });
  const tls_config = { ca_file: authority.caFile };
  await fc.assert(
    fc.asyncProperty(fc.array(randomFrame, { maxLength: 10 }), async (parts) => {
      answer = parts;
      const outcome = await probe(`https://site.example:${port}`, { tls_config });
      assert.ok(ENDINGS.has(reasonOf(outcome)));
    }),
    { numRuns: RUNS },
  );
});

test("a server of HTTP/1.1 that agreed to HTTP/2 ends in http_protocol", async (t) => {
  const port = await serveRawHttp2(t, (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
  const outcome = await probe(`https://site.example:${port}`, {
    tls_config: { ca_file: authority.caFile },
  });
  assert.equal(reasonOf(outcome), "http_protocol");
});
