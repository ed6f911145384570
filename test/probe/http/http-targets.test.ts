import assert from "node:assert/strict";
import { test } from "node:test";
import { targetUrl } from "../../../src/probe/http/http-request.ts";
import type { Resolve } from "../../../src/resolve/resolution.ts";
import { probe, reasonOf, serveRaw } from "../lab.ts";

const asWritten = [
  { target: "/a/../b?", want: "/a/../b?" },
  { target: "/a|b\\c?d|'e\"", want: "/a%7Cb%5Cc?d|'e\"" },
  { target: "/caf\u00e9?\u00e9", want: "/caf%C3%A9?\u00c3\u00a9" },
] as const;

for (const { target, want } of asWritten) {
  test(`a target ${target} is asked for as it is written`, async (t) => {
    let head = "";
    const server = await serveRaw(t, (socket, received) => {
      head = received;
      socket.end("HTTP/1.1 204 No Content\r\n\r\n");
    });
    const outcome = await probe(`LOCAL.example:${server.port}${target}`);
    assert.equal(reasonOf(outcome), "succeeded");
    assert.equal(head.split("\r\n")[0], `GET ${want} HTTP/1.1`);
    assert.match(head, new RegExp(`^host: LOCAL\\.example:${server.port}\r$`, "im"));
  });
}

const lookedUpFirst = [
  { name: "port 0", target: "a.example:0", http: {}, reason: "bad_target" },
  { name: "a port too high", target: "a.example:99999", http: {}, reason: "bad_target" },
  {
    name: "a body file that is not there",
    target: "a.example",
    http: { body_file: "/nowhere/body" },
    reason: "body_file",
  },
  {
    name: "a file of roots that is not there, without TLS",
    target: "a.example",
    http: { tls_config: { ca_file: "/nowhere/ca" } },
    reason: "tls_untrusted",
  },
] as const;

for (const { name, target, http, reason } of lookedUpFirst) {
  test(`${name} ends in ${reason} once the name was looked up, as in blackbox_exporter`, async () => {
    const open = (): never => {
      throw new Error("a socket was opened");
    };
    const outcome = await probe(target, http, { tools: { open } });
    assert.equal(reasonOf(outcome), reason);
    assert.deepEqual(outcome.address, { text: "127.0.0.1", family: "ipv4" });
  });
}

test("a name that looks like another scheme is told of where nobody has it", async () => {
  const resolve: Resolve = async (name) => ({
    kind: "failed",
    reason: "dns_nxdomain",
    detail: `${name} does not exist`,
  });
  const outcome = await probe("ftp://a.example/", {}, { tools: { resolve } });
  assert.equal(
    outcome.kind === "failed" && outcome.detail,
    'ftp does not exist ("ftp://" is not HTTP: write http:// or https://)',
  );
});

test("an address of IPv6 needs no brackets where it stands alone", async () => {
  const outcome = await probe(
    "::1",
    {},
    {
      tools: { guard: () => ({ kind: "refused", rule: "deny:x", sentence: "no" }) },
    },
  );
  assert.deepEqual(outcome.address, { text: "::1", family: "ipv6" });
});

test("a module for HTTP/3 fails at once, and names the way out", async () => {
  const resolve = (): never => {
    throw new Error("a name was looked up");
  };
  const outcome = await probe(
    "https://a.example/",
    { enable_http3: true, enable_http2: false },
    { tools: { resolve } },
  );
  assert.equal(reasonOf(outcome), "http_version");
  assert.match(outcome.kind === "failed" ? outcome.detail : "", /no.* QUIC.*|QUIC.*HTTP\/2/);
});

for (const target of ["http://bob:hunter2%zz@127.0.0.1/", "http://bob:hunter2@exa mple/"]) {
  test(`what is wrong with ${JSON.stringify(target)} is told without its password`, () => {
    const read = targetUrl(target);
    assert.equal(read.kind, "failed");
    assert.doesNotMatch(JSON.stringify(read), /hunter2/);
  });
}
