import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { moduleOptions } from "../../src/probe/module.ts";
import { durationText, shownModule, withoutSecrets } from "../../src/report/shown-module.ts";
import { parseDuration } from "../../src/runtime/units.ts";

const SECRET = "hunter2";

const hidden = [
  { name: "a password", shown: { basic_auth: { username: "u", password: SECRET } } },
  { name: "a bearer token", shown: { bearer_token: SECRET } },
  { name: "credentials", shown: { authorization: { type: "Bearer", credentials: SECRET } } },
  { name: "an OAuth2 secret", shown: { oauth2: { client_id: "c", client_secret: SECRET } } },
  {
    name: "a secret parameter of OAuth2",
    shown: { oauth2: { endpoint_params: { client_assertion: SECRET } } },
  },
  { name: "a private key", shown: { tls_config: { key: SECRET } } },
  { name: "an inner private key", shown: { oauth2: { tls_config: { key: SECRET } } } },
  { name: "a header", shown: { headers: { Authorization: `Bearer ${SECRET}` } } },
  { name: "a cookie", shown: { headers: { cOOkie: `a=${SECRET}` } } },
  { name: "a header of a service", shown: { headers: { "X-API-Key": SECRET } } },
  { name: "a header that is secret by name", shown: { headers: { "X-Vault-Token": SECRET } } },
  { name: "secret values", shown: { http_headers: { "X-A": { secrets: [SECRET, SECRET] } } } },
  {
    name: "values of a secret header",
    shown: { http_headers: { "Proxy-Authorization": { values: [SECRET] } } },
  },
  {
    name: "a header for the proxy",
    shown: { proxy_connect_header: { "Proxy-Authorization": [`Basic ${SECRET}`] } },
  },
  { name: "the password of a proxy", shown: { proxy_url: `http://u:${SECRET}@proxy:3128/` } },
  { name: "the password of a token server", shown: { token_url: `HTTPS://u:p${SECRET}@a/` } },
  { name: "metadata of gRPC", shown: { metadata: { authorization: [SECRET] } } },
];

for (const { name, shown } of hidden) {
  test(`withoutSecrets() hides ${name}`, () => {
    const text = JSON.stringify(withoutSecrets(shown));
    assert.doesNotMatch(text, /hunter2/);
    assert.match(text, /<secret>|xxxxx/);
  });
}

const kept = [
  { body: "password: hunter2" },
  { headers: { Accept: "text/html", "X-Author": "somebody", Authority: "a" } },
  { http_headers: { "X-A": { values: ["1"] }, Cookie: { files: ["/etc/cookie"] } } },
  { basic_auth: { username: "u", password: "", password_file: "/etc/password" } },
  { tls_config: { key_file: "/etc/key", cert_file: "/etc/cert" } },
  { query_response: [{ send: "AUTH PLAIN", expect: "^token: (.*)$" }] },
  { proxy_url: "http://user@proxy:3128/" },
  { endpoint_params: { audience: "https://a.example.net/" } },
  { metadata: { tenant: ["a"] } },
];

for (const shown of kept) {
  test(`withoutSecrets() shows ${JSON.stringify(shown)}`, () => {
    assert.deepEqual(withoutSecrets(shown), shown);
  });
}

test("withoutSecrets() leaves out what is undefined", () => {
  assert.deepEqual(withoutSecrets({ a: undefined, b: [{ c: undefined }] }), { b: [{}] });
});

test("shownModule() has prober, timeout and the one block that counts", () => {
  const module = moduleOptions.parse({ prober: "icmp", timeout: "1m30s", icmp: { ttl: 9 } });
  const shown = shownModule(module);
  assert.deepEqual(Object.keys(shown), ["prober", "timeout", "icmp"]);
  assert.equal(shown["timeout"], "1m30s");
  assert.equal((shown["icmp"] as { ttl: number }).ttl, 9);
});

test("durationText() is read back as what it was, to the nanosecond", () => {
  const nanoseconds = fc.integer({ min: 0, max: 10 ** 15 });
  fc.assert(
    fc.property(nanoseconds, (count) => {
      const seconds = count / 1e9;
      const read = parseDuration(durationText(seconds));
      assert.ok(
        read !== undefined && Math.abs(read - seconds) <= 1e-9 + 1e-9,
        durationText(seconds),
      );
    }),
  );
  assert.equal(durationText(0), "0s");
  assert.equal(durationText(10 / 3), "3.333333333s");
  assert.equal(durationText(1.5), "1s500ms");
});
