import assert from "node:assert/strict";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import { test } from "node:test";
import { createAuthority } from "../certificates.ts";
import { listen, probe, reasonOf, serveHttp } from "../lab.ts";
import { serveSocks } from "./proxy-lab.ts";

const detailOf = (outcome: { readonly kind: string }): string =>
  "detail" in outcome ? String(outcome.detail) : "";

test("a page in http:// is asked of its server through a SOCKS proxy, at the resolved address", async (t) => {
  const targets: string[] = [];
  const { port } = await serveHttp(t, (request, response) => {
    targets.push(`${request.headers.host} ${request.url}`);
    response.end("page");
  });
  const proxy = await serveSocks(t);
  const http = { proxy_url: `socks5://127.0.0.1:${proxy.port}` };
  const outcome = await probe(`http://a.example:${port}/x`, http);
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.facts.uncompressedBodyBytes, 4);
  assert.deepEqual(targets, [`a.example:${port} /x`]);
  assert.deepEqual(proxy.asked, [
    { methods: [0], credentials: undefined, type: 1, host: "127.0.0.1" },
  ]);
});

for (const scheme of ["socks5", "socks5h"]) {
  test(`with skip_resolve_phase_with_proxy a ${scheme}:// proxy gets the name`, async (t) => {
    const { port } = await serveHttp(t, (_request, response) => void response.end());
    const proxy = await serveSocks(t);
    const outcome = await probe(`http://a.example:${port}/`, {
      proxy_url: `${scheme}://127.0.0.1:${proxy.port}`,
      skip_resolve_phase_with_proxy: true,
    });
    assert.equal(reasonOf(outcome), "succeeded");
    assert.deepEqual(
      proxy.asked.map(({ type, host }) => ({ type, host })),
      [{ type: 3, host: "a.example" }],
    );
  });
}

test("TLS is spoken to the server behind a SOCKS proxy", async (t) => {
  const authority = createAuthority();
  t.after(() => authority.close());
  const site = authority.issue({ name: "s", subject: "/CN=s", names: "DNS:site.example" });
  const server = createHttpsServer(site, (_request, response) => void response.end("ok"));
  const { port } = await listen(t, server);
  const proxy = await serveSocks(t, { bound: [3, 3, 97, 98, 99] });
  const outcome = await probe(`https://site.example:${port}/`, {
    proxy_url: `socks5://127.0.0.1:${proxy.port}`,
    tls_config: { ca_file: authority.caFile },
  });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.facts.isTls, true);
});

test("user and password of proxy_url are shown to a SOCKS proxy that wants them", async (t) => {
  const { port } = await serveHttp(t, (_request, response) => void response.end());
  const proxy = await serveSocks(t, { credentials: "us:p@ss", bound: [4, ...Array(16).fill(0)] });
  const at = `127.0.0.1:${proxy.port}`;
  const good = await probe(`a.example:${port}`, { proxy_url: `socks5://us:p%40ss@${at}` });
  const wrong = await probe(`a.example:${port}`, { proxy_url: `socks5://us:no@${at}` });
  const none = await probe(`a.example:${port}`, { proxy_url: `socks5://${at}` });
  assert.deepEqual([good, wrong, none].map(reasonOf), [
    "succeeded",
    "proxy_refused",
    "proxy_refused",
  ]);
  assert.match(detailOf(wrong), /does not accept user and password/);
  assert.doesNotMatch(detailOf(wrong), /us:no|"no"/);
  assert.match(detailOf(none), /wants another authentication: write user and password/);
});

for (const [reply, want] of [
  [2, /not allowed by its rules/],
  [5, /connection refused/],
  [77, /code 77/],
] as const) {
  test(`a SOCKS proxy that answers with code ${reply} fails as proxy_refused`, async (t) => {
    const proxy = await serveSocks(t, { reply });
    const outcome = await probe("a.example:80", { proxy_url: `socks5://127.0.0.1:${proxy.port}` });
    assert.equal(reasonOf(outcome), "proxy_refused");
    assert.match(detailOf(outcome), want);
  });
}

const hostile: readonly { readonly name: string; readonly bytes: readonly number[] }[] = [
  { name: "nothing", bytes: [] },
  { name: "half a greeting", bytes: [5] },
  { name: "another version", bytes: [4, 0] },
  { name: "a method that was not offered", bytes: [5, 1] },
  { name: "another version in the answer", bytes: [5, 0, 4, 0, 0, 1] },
  { name: "an unknown type of address", bytes: [5, 0, 5, 0, 0, 9, 1, 2, 3, 4] },
  { name: "an address cut short", bytes: [5, 0, 5, 0, 0, 4, 1, 2, 3] },
];

for (const { name, bytes } of hostile) {
  test(`a SOCKS proxy that says ${name} fails as proxy_refused`, async (t) => {
    const server = createTcpServer((socket) => {
      // Said once all was heard: an earlier end would reset what comes after.
      socket.once("data", () => socket.end(Buffer.from(bytes)));
      socket.on("data", () => {});
    });
    const { port } = await listen(t, server);
    const outcome = await probe("a.example:80", { proxy_url: `socks5://127.0.0.1:${port}` });
    assert.equal(reasonOf(outcome), "proxy_refused");
  });
}

test("a silent SOCKS proxy is left at the deadline", async (t) => {
  const { port } = await listen(t, createTcpServer());
  const http = { proxy_url: `socks5://127.0.0.1:${port}` };
  const outcome = await probe("a.example:80", http, { timeoutSeconds: 0.2 });
  assert.equal(reasonOf(outcome), "connect_timeout");
});
