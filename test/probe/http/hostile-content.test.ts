import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createSecureServer } from "node:http2";
import type { Socket } from "node:net";
import { after, before, type TestContext, test } from "node:test";
import { brotliCompressSync, createGzip, deflateRawSync, gzipSync } from "node:zlib";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { listen, probe, reasonOf, serveHttp, serveRaw, type TestServer } from "../lab.ts";

let authority: Authority;
let site: Issued;
before(() => {
  authority = createAuthority();
  site = authority.issue({ name: "site", subject: "/CN=site", names: "DNS:site.example" });
});
after(() => authority.close());

const MEGABYTE = 2 ** 20;
/** What one probe may take beyond what the test itself holds; generous, for collections come when they like. */
const MAX_GROWTH_BYTES = 150 * MEGABYTE;

/** Runs something and tells how far the memory of the process rose meanwhile. */
async function growthOf(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss();
  let highest = before;
  const watch = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss());
  }, 5);
  try {
    await work();
  } finally {
    clearInterval(watch);
  }
  return Math.max(highest, process.memoryUsage.rss()) - before;
}

/** 300 MB of zeros, packed anew by each: gzip into 300 kB, Brotli into less. */
const BOMB = Buffer.alloc(300 * MEGABYTE);
const bombs = [
  { name: "gzip", compression: "gzip", body: gzipSync(BOMB) },
  { name: "deflate", compression: "deflate", body: deflateRawSync(BOMB) },
  { name: "br", compression: "br", body: brotliCompressSync(BOMB.subarray(0, 100 * MEGABYTE)) },
] as const;

const limits = [
  { name: "without a limit", http: {}, longest: 65 * MEGABYTE },
  { name: "under body_size_limit", http: { body_size_limit: 1000 }, longest: 1000 },
  {
    name: "under a rule",
    http: { fail_if_body_matches_regexp: ["x"] },
    longest: 17 * MEGABYTE,
  },
  {
    name: "under an expression",
    http: { fail_if_body_json_matches_cel: "body.x" },
    longest: 17 * MEGABYTE,
  },
] as const;

for (const { name, compression, body } of bombs) {
  for (const limit of limits) {
    test(`a bomb of ${name} ${limit.name} ends as body_too_large in little memory`, async (t) => {
      const server = await serveHttp(t, (_request, response) => response.end(body));
      const grown = await growthOf(async () => {
        const http = { compression, ...limit.http };
        const outcome = await probe(`127.0.0.1:${server.port}`, http);
        assert.equal(reasonOf(outcome), "body_too_large");
        assert.ok(outcome.facts.uncompressedBodyBytes <= limit.longest);
      });
      assert.ok(grown < MAX_GROWTH_BYTES, `${grown} bytes more`);
    });
  }
}

/** Answers with a packed body that never ends: as much as the peer takes. */
function endless(socket: { readonly write: (chunk: Buffer) => boolean }, t: TestContext): void {
  const packer = createGzip({ level: 1 });
  // What cannot be packed: the ratio of a bomb is another test's.
  const chunk = randomBytes(64 * 1024);
  const stop = (): void => void packer.destroy();
  t.after(stop);
  const more = (): void => {
    while (!packer.destroyed && packer.write(chunk));
  };
  packer.on("drain", more);
  packer.on("data", (packed: Buffer) => {
    if (socket.write(packed)) return;
    packer.pause();
    (socket as Socket).once("drain", () => packer.resume());
  });
  more();
}

test("an endless packed body ends with the deadline in little memory", async (t) => {
  const server = await serveHttp(t, (_request, response) => endless(response, t));
  const grown = await growthOf(async () => {
    const http = { compression: "gzip" };
    const outcome = await probe(`127.0.0.1:${server.port}`, http, { timeoutSeconds: 1 });
    assert.equal(reasonOf(outcome), "http_body_timeout");
    assert.ok(outcome.facts.uncompressedBodyBytes > 0);
  });
  assert.ok(grown < MAX_GROWTH_BYTES, `${grown} bytes more`);
});

test("an endless packed body over HTTP/2 ends with the deadline in little memory", async (t) => {
  const server: TestServer = await listen(
    t,
    createSecureServer({ ...site }, (_request, response) => endless(response, t)),
  );
  const grown = await growthOf(async () => {
    const http = { compression: "gzip", tls_config: { ca_file: authority.caFile } };
    const target = `https://site.example:${server.port}`;
    const outcome = await probe(target, http, { timeoutSeconds: 1 });
    assert.equal(reasonOf(outcome), "http_body_timeout");
    assert.equal(outcome.facts.httpVersion, 2);
    assert.ok(outcome.facts.uncompressedBodyBytes > 0);
  });
  assert.ok(grown < MAX_GROWTH_BYTES, `${grown} bytes more`);
});

/** Says one byte of a text after the other, for ever the last. */
function drip(socket: Socket, text: string, t: TestContext): void {
  let at = 0;
  const timer = setInterval(() => {
    socket.write(text[Math.min(at, text.length - 1)] ?? "");
    at += 1;
  }, 20);
  socket.on("close", () => clearInterval(timer));
  t.after(() => clearInterval(timer));
}

/** The header of gzip with a file's name that does not end (RFC 1952 section 2.3). */
const NAMED = "\x1f\x8b\x08\x08\0\0\0\0\0\x03aaaa";
const drips = [
  { name: "the status line", text: "HTTP/1.1 200 OOOO", reason: "http_header_timeout" },
  { name: "a header", text: "HTTP/1.1 200 OK\r\nx: aaaa", reason: "http_header_timeout" },
  {
    name: "an interim answer",
    text: "HTTP/1.1 102 P\r\n\r\n".repeat(5) + "HTTP/1.1 102 PPPP",
    reason: "http_header_timeout",
  },
  {
    name: "a body",
    text: "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\naaaa",
    reason: "http_body_timeout",
  },
  {
    name: "the size of a chunk",
    text: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0000",
    reason: "http_body_timeout",
  },
  {
    name: "a packed body",
    text: `HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n${NAMED}`,
    http: { compression: "gzip" },
    reason: "http_body_timeout",
  },
] as const;

for (const { name, text, reason, ...more } of drips) {
  test(`a server that drips ${name} ends as ${reason}`, async (t) => {
    const server = await serveRaw(t, (socket) => {
      // The beginning at once, so that the drip is where it is meant to be.
      const head = Math.max(0, text.length - 4);
      socket.write(text.slice(0, head), "latin1");
      drip(socket, text.slice(head), t);
    });
    const http = "http" in more ? more.http : {};
    const outcome = await probe(`127.0.0.1:${server.port}`, http, { timeoutSeconds: 0.4 });
    assert.equal(reasonOf(outcome), reason);
  });
}

test("a server that takes the connection and speaks no TLS to the end ends as tls_timeout", async (t) => {
  const server = await serveRaw(t, () => {});
  const outcome = await probe(`https://127.0.0.1:${server.port}`, {}, { timeoutSeconds: 0.3 });
  assert.equal(reasonOf(outcome), "tls_timeout");
});

test("a flood of headers ends as http_protocol", async (t) => {
  const server = await serveRaw(t, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    const line = `x: ${"a".repeat(1000)}\r\n`.repeat(100);
    const more = (): void => {
      while (!socket.destroyed && socket.write(line));
    };
    socket.on("drain", more);
    more();
  });
  const outcome = await probe(`127.0.0.1:${server.port}`);
  assert.equal(reasonOf(outcome), "http_protocol");
});

const EVIL = "a".repeat(MEGABYTE);

test("a pattern that would take another engine for ever takes RE2 as long as any", async (t) => {
  const server = await serveHttp(t, (_request, response) => response.end(EVIL));
  const http = { fail_if_body_matches_regexp: ["(a+)+$b", "(a|aa)+b", "(.*a){20}b"] };
  const outcome = await probe(`127.0.0.1:${server.port}`, http, { timeoutSeconds: 60 });
  assert.equal(reasonOf(outcome), "succeeded");
});

test("a pattern in an expression is RE2 as well", async (t) => {
  const body = JSON.stringify({ s: EVIL, p: "(a|aa)+$" });
  const server = await serveHttp(t, (_request, response) => response.end(body));
  const target = `127.0.0.1:${server.port}`;
  const written = await probe(target, {
    fail_if_body_json_matches_cel: "body.s.matches('(a|aa)+b')",
  });
  assert.equal(reasonOf(written), "succeeded");
  const live = await probe(target, {
    fail_if_body_json_matches_cel: "['1', '2', '3'].all(x, body.s.matches(body.p + x))",
  });
  assert.ok(["succeeded", "body_json"].includes(reasonOf(live)));
});

test("a caller who goes away while a body is unpacked ends the probe", async (t) => {
  const aborter = new AbortController();
  const server = await serveHttp(t, (_request, response) => {
    endless(response, t);
    setImmediate(() => aborter.abort());
  });
  const http = { compression: "gzip" };
  const outcome = await probe(`127.0.0.1:${server.port}`, http, { signal: aborter.signal });
  assert.equal(reasonOf(outcome), "cancelled");
});
