import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer as createHttpsServer, type ServerOptions } from "node:https";
import { after, before, type TestContext, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { listen, probe, reasonOf, type TestServer } from "../lab.ts";

let authority: Authority;
let site: Issued;
let stranger: Authority;

before(() => {
  authority = createAuthority();
  stranger = createAuthority();
  site = authority.issue({
    name: "site",
    subject: "/C=DE/O=Lab/OU=One, two/CN=site.example",
    names: "DNS:site.example,DNS:*.wild.example,IP:127.0.0.1",
  });
});
after(() => {
  authority.close();
  stranger.close();
});

const trusting = (more: Record<string, unknown> = {}) => ({
  tls_config: { ca_file: authority.caFile, ...more },
});

/** A server that tells the names it was greeted by and the requests it got. */
async function serveTls(t: TestContext, options: ServerOptions) {
  const greetedBy: (string | false | undefined)[] = [];
  let requests = 0;
  const server = createHttpsServer(options, (request, response) => {
    requests += 1;
    if (request.url === "/away") {
      const { port } = request.socket.address() as { port: number };
      response.writeHead(302, { location: `https://other.wild.example:${port}/` });
    }
    response.end("ok");
  });
  server.on("secureConnection", (socket: TLSSocket & { servername?: string | false }) => {
    greetedBy.push(socket.servername);
  });
  const { port }: TestServer = await listen(t, server);
  return { port, greetedBy, requests: () => requests };
}

test("the facts of a verified handshake are those of its certificate", async (t) => {
  const { port } = await serveTls(t, site);
  const outcome = await probe(`https://site.example:${port}`, trusting());
  assert.equal(reasonOf(outcome), "succeeded");
  const leaf = new X509Certificate(site.cert);
  const notAfterSeconds = Date.parse(leaf.validTo) / 1000;
  assert.equal(outcome.facts.isTls, true);
  assert.deepEqual(outcome.facts.tls, {
    version: "TLS 1.3",
    cipher: "TLS_AES_256_GCM_SHA384",
    earliestNotAfterSeconds: notAfterSeconds,
    verifiedNotAfterSeconds: notAfterSeconds,
    leaf: {
      fingerprintSha256: leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
      subject: "CN=site.example,OU=One\\, two,O=Lab,C=DE",
      issuer: "CN=Lab Root,O=Lab",
      subjectAlternative: "site.example,*.wild.example",
      serialNumber: leaf.serialNumber.toLowerCase(),
    },
  });
});

const failures: readonly {
  readonly name: string;
  readonly target?: string;
  readonly issue?: () => Issued;
  readonly http?: () => Record<string, unknown>;
  readonly reason: string;
  readonly hasFacts?: boolean;
}[] = [
  {
    name: "an expired certificate",
    issue: () =>
      authority.issue({
        name: "expired",
        subject: "/CN=site.example",
        names: "DNS:site.example",
        times: { start: "20200101000000Z", end: "20200201000000Z" },
      }),
    reason: "tls_expired",
  },
  {
    name: "a certificate of the future",
    issue: () =>
      authority.issue({
        name: "future",
        subject: "/CN=site.example",
        names: "DNS:site.example",
        times: { start: "20900101000000Z", end: "20900201000000Z" },
      }),
    reason: "tls_not_yet_valid",
  },
  {
    name: "a certificate for another name",
    target: "elsewhere.example",
    reason: "tls_name_mismatch",
  },
  { name: "a wildcard two labels deep", target: "a.b.wild.example", reason: "tls_name_mismatch" },
  {
    name: "a certificate with its name in the subject alone",
    issue: () => authority.issue({ name: "nameless", subject: "/CN=site.example" }),
    reason: "tls_name_mismatch",
  },
  {
    name: "an unknown issuer",
    http: () => ({ tls_config: { ca_file: stranger.caFile } }),
    reason: "tls_untrusted",
  },
  { name: "no roots of our own", http: () => ({}), reason: "tls_untrusted" },
  {
    name: "a file of roots that is not there",
    http: () => ({ tls_config: { ca_file: "/nowhere" } }),
    reason: "tls_untrusted",
    hasFacts: false,
  },
  {
    name: "a client certificate that is not there",
    http: () => trusting({ cert_file: "/nowhere", key_file: "/nowhere" }),
    reason: "tls_client_certificate",
    hasFacts: false,
  },
  {
    name: "a client key of another certificate",
    http: () => trusting({ cert_file: authority.caFile, key_file: site.keyFile }),
    reason: "tls_client_certificate",
    hasFacts: false,
  },
  {
    name: "no version in common",
    http: () => trusting({ max_version: "TLS11" }),
    reason: "tls_handshake",
    hasFacts: false,
  },
  {
    name: "fail_if_ssl",
    http: () => ({ ...trusting(), fail_if_ssl: true }),
    reason: "tls_forbidden",
  },
];

for (const { name, target, issue, http, reason, hasFacts = true } of failures) {
  test(`${name} ends in ${reason}`, async (t) => {
    const { port, requests } = await serveTls(t, { ...(issue?.() ?? site), minVersion: "TLSv1.2" });
    const outcome = await probe(
      `https://${target ?? "site.example"}:${port}`,
      http?.() ?? trusting(),
    );
    assert.equal(reasonOf(outcome), reason);
    assert.equal(outcome.facts.tls !== undefined, hasFacts);
    if (reason === "tls_forbidden") return;
    assert.equal(requests(), 0, "a request was sent");
    assert.equal(outcome.facts.tls?.verifiedNotAfterSeconds, undefined);
  });
}

test("a server that speaks no TLS ends in tls_handshake", async (t) => {
  const { createServer } = await import("node:http");
  const { port } = await listen(t, createServer());
  assert.equal(reasonOf(await probe(`https://site.example:${port}`, trusting())), "tls_handshake");
});

test("insecure_skip_verify lets everything pass, and no chain counts as verified", async (t) => {
  const { port } = await serveTls(t, site);
  const skipping = { tls_config: { insecure_skip_verify: true } };
  const outcome = await probe(`https://elsewhere.example:${port}`, skipping);
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.facts.tls?.verifiedNotAfterSeconds, undefined);
  assert.ok((outcome.facts.tls?.earliestNotAfterSeconds ?? 0) > 0);
});

const names: readonly {
  readonly name: string;
  readonly target: string;
  readonly http?: Record<string, unknown>;
  readonly tls?: Record<string, unknown>;
  readonly hostname?: string;
  readonly greetedBy: readonly (string | false)[];
}[] = [
  { name: "the target's host", target: "site.example", greetedBy: ["site.example"] },
  { name: "an address, which is checked but not sent", target: "127.0.0.1", greetedBy: [false] },
  {
    name: "server_name",
    target: "other.example",
    tls: { server_name: "site.example" },
    greetedBy: ["site.example"],
  },
  {
    name: "the Host header without its port",
    target: "127.0.0.1",
    http: { headers: { Host: "site.example:444" } },
    greetedBy: ["site.example"],
  },
  {
    name: "the hostname of /probe",
    target: "127.0.0.1",
    hostname: "x.wild.example",
    greetedBy: ["x.wild.example"],
  },
  {
    name: "server_name over the Host header",
    target: "127.0.0.1",
    tls: { server_name: "site.example" },
    http: { headers: { Host: "no.example" } },
    greetedBy: ["site.example"],
  },
];

for (const { name, target, http = {}, tls = {}, hostname, greetedBy } of names) {
  test(`the server is greeted by ${name}`, async (t) => {
    const server = await serveTls(t, site);
    const more = hostname === undefined ? {} : { hostname };
    const outcome = await probe(
      `https://${target}:${server.port}`,
      { ...http, ...trusting(tls) },
      more,
    );
    assert.equal(reasonOf(outcome), "succeeded");
    assert.deepEqual(server.greetedBy, greetedBy);
  });
}

test("server_name stays behind when a redirect leaves the first host", async (t) => {
  const server = await serveTls(t, site);
  const outcome = await probe(
    `https://127.0.0.1:${server.port}/away`,
    trusting({ server_name: "site.example" }),
  );
  assert.equal(reasonOf(outcome), "succeeded");
  assert.deepEqual(server.greetedBy, ["site.example", "other.wild.example"]);
});

test("a client certificate is shown to a server that asks for one", async (t) => {
  const client = authority.issue({ name: "client", subject: "/CN=client", names: "DNS:client" });
  const asking = { ...site, requestCert: true, rejectUnauthorized: true, ca: [site.cert] };
  const { readFileSync } = await import("node:fs");
  const { port } = await serveTls(t, { ...asking, ca: [readFileSync(authority.caFile)] });
  const files = { cert_file: client.certFile, key_file: client.keyFile };
  const shown = await probe(`https://site.example:${port}`, trusting(files));
  const inline = await probe(
    `https://site.example:${port}`,
    trusting({ cert: client.cert, key: client.key }),
  );
  const missing = await probe(`https://site.example:${port}`, trusting());
  assert.equal(reasonOf(shown), "succeeded");
  assert.equal(reasonOf(inline), "succeeded");
  assert.equal(reasonOf(missing), "tls_client_certificate");
});

async function serveHttp2(
  t: TestContext,
  answer: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
): Promise<TestServer> {
  return await listen(t, createSecureServer({ ...site, allowHTTP1: true }, answer));
}

test("HTTP/2 is spoken where it is offered on both sides", async (t) => {
  const seen: string[] = [];
  const { port } = await serveHttp2(t, (request, response) => {
    seen.push(
      `${request.httpVersion} ${request.method} ${request.url} ${request.headers["content-length"]}`,
    );
    request.resume();
    response.setHeader("X-Kind", ["a", "b"]);
    response.end("hello");
  });
  const url = `https://site.example:${port}/p?q`;
  const rules = { fail_if_header_not_matches: [{ header: "X-Kind", regexp: "b" }] };
  const two = await probe(url, { ...trusting(), ...rules, method: "POST", body: "abc" });
  const one = await probe(url, { ...trusting(), enable_http2: false });
  assert.equal(reasonOf(two), "succeeded");
  assert.deepEqual([two.facts.httpVersion, one.facts.httpVersion], [2, 1.1]);
  assert.equal(two.facts.uncompressedBodyBytes, 5);
  assert.deepEqual(seen, ["2.0 POST /p?q 3", "1.1 GET /p?q undefined"]);
  assert.equal(
    reasonOf(await probe(url, { ...trusting(), valid_http_versions: ["HTTP/1.1"] })),
    "http_version",
  );
});

const http2Answers: readonly {
  readonly name: string;
  readonly answer: (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  readonly http?: Record<string, unknown>;
  readonly reason: string;
}[] = [
  {
    name: "redirects",
    answer: (request, response) =>
      request.url === "/" ? response.writeHead(302, { location: "/x" }).end() : response.end(),
    reason: "succeeded",
  },
  {
    name: "HEAD",
    http: { method: "HEAD" },
    answer: (_request, response) => response.end(),
    reason: "succeeded",
  },
  {
    name: "a polite GOAWAY before the answer",
    answer: (request, response) => {
      request.stream.session?.goaway(0, request.stream.id);
      response.end("x");
    },
    reason: "succeeded",
  },
  {
    name: "a body over the limit",
    http: { body_size_limit: 3 },
    answer: (_request, response) => response.end("long"),
    reason: "body_too_large",
  },
  {
    name: "a stream reset before the answer",
    answer: (request) => request.stream.close(2),
    reason: "http_protocol",
  },
  {
    name: "a stream reset in the body",
    answer: (request, response) => {
      response.write("x", () => request.stream.close(2));
    },
    reason: "http_protocol",
  },
  {
    name: "a connection cut before the answer",
    answer: (request) => request.stream.session?.destroy(),
    reason: "http_closed",
  },
  {
    name: "a status that is not wanted",
    answer: (_request, response) => response.writeHead(503).end("x"),
    reason: "http_status",
  },
];

for (const { name, answer, http = {}, reason } of http2Answers) {
  test(`over HTTP/2, ${name} ends as ${reason}`, async (t) => {
    const { port } = await serveHttp2(t, answer);
    const outcome = await probe(`https://site.example:${port}/`, { ...trusting(), ...http });
    assert.equal(reasonOf(outcome), reason);
  });
}
