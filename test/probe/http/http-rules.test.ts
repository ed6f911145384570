import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { BodyBudget, MAX_EXAMINED_BYTES } from "../../../src/probe/http/body-rules.ts";
import { probe, reasonOf, serveHttp, serveRaw } from "../lab.ts";

const cases: readonly {
  readonly name: string;
  readonly http: Record<string, unknown>;
  readonly reason: string;
  readonly isRegexp?: boolean;
}[] = [
  { name: "any 2xx status", http: {}, reason: "succeeded" },
  { name: "a status of the list", http: { valid_status_codes: [200, 404] }, reason: "succeeded" },
  { name: "a status not of the list", http: { valid_status_codes: [404] }, reason: "http_status" },
  {
    name: "the version it speaks",
    http: { valid_http_versions: ["HTTP/1.1"] },
    reason: "succeeded",
  },
  { name: "another version", http: { valid_http_versions: ["HTTP/2.0"] }, reason: "http_version" },
  { name: "a page without TLS", http: { fail_if_not_ssl: true }, reason: "tls_required" },
  { name: "fail_if_ssl without TLS", http: { fail_if_ssl: true }, reason: "succeeded" },
  {
    name: "a body that must not match and does",
    http: { fail_if_body_matches_regexp: ["x", "Hel+o"] },
    reason: "body_mismatch",
    isRegexp: true,
  },
  {
    name: "a body that must not match and does not",
    http: { fail_if_body_matches_regexp: ["^world"] },
    reason: "succeeded",
  },
  {
    name: "a body that must match and does",
    http: { fail_if_body_not_matches_regexp: ["(?i)WORLD", "^Hello"] },
    reason: "succeeded",
  },
  {
    name: "a body that must match and does not",
    http: { fail_if_body_not_matches_regexp: ["Hello", "moon"] },
    reason: "body_mismatch",
    isRegexp: true,
  },
  {
    name: "a header that must not match and does",
    http: { fail_if_header_matches: [{ header: "x-kind", regexp: "^b$" }] },
    reason: "header_mismatch",
    isRegexp: true,
  },
  {
    name: "a header that must not match and does not",
    http: { fail_if_header_matches: [{ header: "X-Kind", regexp: "^c$" }] },
    reason: "succeeded",
  },
  {
    name: "a header that must match, by its second value",
    http: { fail_if_header_not_matches: [{ header: "X-Kind", regexp: "^b$" }] },
    reason: "succeeded",
  },
  {
    name: "a header that must match and does not",
    http: { fail_if_header_not_matches: [{ header: "X-Kind", regexp: "^c$" }] },
    reason: "header_mismatch",
    isRegexp: true,
  },
  {
    name: "a missing header",
    http: { fail_if_header_matches: [{ header: "X-Gone", regexp: "." }] },
    reason: "header_mismatch",
    isRegexp: true,
  },
  {
    name: "a missing header that may be missing",
    http: { fail_if_header_not_matches: [{ header: "X-Gone", regexp: ".", allow_missing: true }] },
    reason: "succeeded",
  },
  {
    name: "a wrong status before a wrong body",
    http: { valid_status_codes: [201], fail_if_body_matches_regexp: ["Hello"] },
    reason: "http_status",
  },
  { name: "a body of just the limit", http: { body_size_limit: 12 }, reason: "succeeded" },
  { name: "a body over the limit", http: { body_size_limit: 11 }, reason: "body_too_large" },
  {
    name: "a limited body under a rule",
    http: { body_size_limit: "5B", fail_if_body_matches_regexp: ["zzz"] },
    reason: "body_too_large",
    isRegexp: true,
  },
];

for (const { name, http, reason, isRegexp = false } of cases) {
  test(`a probe with ${name} ends as ${reason}`, async (t) => {
    const server = await serveHttp(t, (_request, response) => {
      response.setHeader("X-Kind", ["a", "b"]);
      response.end("Hello, world");
    });
    const outcome = await probe(`127.0.0.1:${server.port}`, http);
    assert.equal(reasonOf(outcome), reason);
    assert.equal(outcome.facts.isFailedByRegexp, isRegexp);
    assert.equal(outcome.facts.statusCode, 200);
    assert.equal(outcome.facts.contentLengthBytes, 12);
    assert.equal(outcome.facts.httpVersion, 1.1);
  });
}

test("the body of a redirect that is not followed is read for rules alone", async (t) => {
  const server = await serveHttp(t, (_request, response) => {
    response.writeHead(302, { location: "/next", "content-length": 5 }).end("moved");
  });
  const target = `127.0.0.1:${server.port}`;
  const http = { follow_redirects: false, valid_status_codes: [302] };
  const unread = await probe(target, http);
  const read = await probe(target, { ...http, fail_if_body_not_matches_regexp: ["moved"] });
  assert.deepEqual([reasonOf(unread), reasonOf(read)], ["succeeded", "succeeded"]);
  assert.equal(unread.facts.uncompressedBodyBytes, 0);
  assert.equal(read.facts.uncompressedBodyBytes, 5);
  assert.equal(unread.facts.contentLengthBytes, 5);
  assert.equal(unread.facts.redirects, 1);
});

test("compression is neither offered nor undone, as in blackbox_exporter", async (t) => {
  const packed = gzipSync("Hello");
  const server = await serveHttp(t, (request, response) => {
    assert.equal(request.headers["accept-encoding"], undefined);
    response.setHeader("Content-Encoding", "gzip").end(packed);
  });
  const outcome = await probe(`127.0.0.1:${server.port}`, {
    fail_if_body_matches_regexp: ["Hello"],
  });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.facts.uncompressedBodyBytes, packed.length);
});

test("a body longer than rules look at fails instead of being half seen", async (t) => {
  const server = await serveHttp(t, (_request, response) => {
    response.end(Buffer.alloc(MAX_EXAMINED_BYTES + 1));
  });
  const rule = { fail_if_body_matches_regexp: ["x"] };
  assert.equal(reasonOf(await probe(`127.0.0.1:${server.port}`, rule)), "body_too_large");
  assert.equal(reasonOf(await probe(`127.0.0.1:${server.port}`)), "succeeded");
});

test("bodies share a budget, which each probe gives back", async (t) => {
  const server = await serveHttp(t, (_request, response) => response.end("Hello"));
  const bodyBudget = new BodyBudget(7);
  const rule = { fail_if_body_matches_regexp: ["x"] };
  const run = async () =>
    reasonOf(await probe(`127.0.0.1:${server.port}`, rule, { tools: { bodyBudget } }));
  assert.equal(await run(), "succeeded");
  assert.equal(await run(), "succeeded");
  assert.equal(bodyBudget.take(3), true);
  assert.equal(await run(), "agent_overloaded");
});

const answers: readonly {
  readonly name: string;
  readonly answer: string;
  readonly method?: string;
  readonly want: {
    readonly version?: number;
    readonly length?: number;
    readonly bytes?: number;
    readonly modified?: number | undefined;
  };
}[] = [
  {
    name: "HTTP/1.0 that ends with the connection",
    answer: "HTTP/1.0 200 OK\r\n\r\nabc",
    want: { version: 1, length: -1, bytes: 3 },
  },
  {
    name: "a chunked body",
    answer: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    want: { version: 1.1, length: -1, bytes: 2 },
  },
  { name: "204", answer: "HTTP/1.1 204 No Content\r\n\r\n", want: { length: 0, bytes: 0 } },
  {
    name: "an answer to HEAD",
    method: "HEAD",
    answer: "HTTP/1.1 200 OK\r\ncontent-length: 42\r\n\r\n",
    want: { length: 42, bytes: 0 },
  },
  {
    name: "Last-Modified",
    answer:
      "HTTP/1.1 200 OK\r\nlast-modified: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-length: 0\r\n\r\n",
    want: { modified: 784_111_777 },
  },
  {
    name: "Last-Modified in asctime's form",
    answer:
      "HTTP/1.1 200 OK\r\nlast-modified: Sun Nov  6 08:49:37 1994\r\ncontent-length: 0\r\n\r\n",
    want: { modified: 784_111_777 },
  },
  {
    name: "a Last-Modified that is no date",
    answer: "HTTP/1.1 200 OK\r\nlast-modified: 2024\r\ncontent-length: 0\r\n\r\n",
    want: { modified: undefined },
  },
];

for (const { name, answer, method = "GET", want } of answers) {
  test(`the facts of ${name} are read`, async (t) => {
    const server = await serveRaw(t, (socket) => socket.end(answer));
    const outcome = await probe(`127.0.0.1:${server.port}`, { method });
    assert.equal(reasonOf(outcome), "succeeded");
    const { facts } = outcome;
    if (want.version !== undefined) assert.equal(facts.httpVersion, want.version);
    if (want.length !== undefined) assert.equal(facts.contentLengthBytes, want.length);
    if (want.bytes !== undefined) assert.equal(facts.uncompressedBodyBytes, want.bytes);
    if ("modified" in want) assert.equal(facts.lastModifiedSeconds, want.modified);
  });
}

const hostile: readonly {
  readonly name: string;
  readonly answer: string;
  readonly reason: string;
}[] = [
  { name: "no answer at all", answer: "", reason: "http_closed" },
  { name: "half a header", answer: "HTTP/1.1 200 OK\r\nx: ", reason: "http_closed" },
  {
    name: "half a body",
    answer: "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc",
    reason: "http_closed",
  },
  {
    name: "half a chunk",
    answer: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc",
    reason: "http_closed",
  },
  { name: "another protocol", answer: "SSH-2.0-OpenSSH_9.2\r\n", reason: "http_protocol" },
  {
    name: "a length that is none",
    answer: "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
    reason: "http_protocol",
  },
  {
    name: "two lengths",
    answer: "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na",
    reason: "http_protocol",
  },
  {
    name: "an upgrade nobody asked for",
    answer: "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    reason: "http_status",
  },
  {
    name: "an interim answer alone",
    answer: "HTTP/1.1 100 Continue\r\n\r\n",
    reason: "http_closed",
  },
  {
    name: "a header without end",
    answer: `HTTP/1.1 200 OK\r\nx: ${"y".repeat(300_000)}`,
    reason: "http_protocol",
  },
  {
    name: "a second answer behind the first",
    answer: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 500 No\r\n\r\n",
    reason: "succeeded",
  },
];

for (const { name, answer, reason } of hostile) {
  test(`a server with ${name} ends as ${reason}`, async (t) => {
    const server = await serveRaw(t, (socket) => socket.end(answer));
    assert.equal(reasonOf(await probe(`127.0.0.1:${server.port}`)), reason);
  });
}

test("a reset in the middle of an answer is http_closed", async (t) => {
  const server = await serveRaw(t, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", () => socket.resetAndDestroy());
  });
  assert.equal(reasonOf(await probe(`127.0.0.1:${server.port}`)), "http_closed");
});

test("a port where nobody listens is connect_refused", async () => {
  const outcome = await probe("127.0.0.1:1");
  assert.equal(reasonOf(outcome), "connect_refused");
  assert.deepEqual(outcome.address, { text: "127.0.0.1", family: "ipv4" });
  assert.equal(outcome.facts.contentLengthBytes, undefined);
});
