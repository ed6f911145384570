import assert from "node:assert/strict";
import { test } from "node:test";
import { httpOptions } from "../../../src/probe/http/http-options.ts";

const URL_OF_PROXY = "http://proxy.example:3128";
const OAUTH2 = { client_id: "me", token_url: "https://login.example/token" };

function problemsOf(http: unknown): readonly string[] {
  const parsed = httpOptions.safeParse(http);
  const issues = parsed.success ? [] : parsed.error.issues;
  return issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

const good: readonly { readonly name: string; readonly http: unknown }[] = [
  { name: "a proxy", http: { proxy_url: URL_OF_PROXY } },
  { name: "an empty proxy_url as none", http: { proxy_url: "" } },
  { name: "no_proxy with proxy_url", http: { proxy_url: URL_OF_PROXY, no_proxy: "a.example" } },
  { name: "proxy_from_environment", http: { proxy_from_environment: "yes" } },
  {
    name: "proxy_connect_header with proxy_from_environment",
    http: { proxy_from_environment: true, proxy_connect_header: { A: ["b"] } },
  },
  { name: "skip_resolve_phase_with_proxy alone", http: { skip_resolve_phase_with_proxy: true } },
  { name: "oauth2 without a secret", http: { oauth2: OAUTH2 } },
  {
    name: "oauth2 with a proxy of its own",
    http: { proxy_from_environment: true, oauth2: { ...OAUTH2, proxy_url: URL_OF_PROXY } },
  },
  {
    name: "a grant type of the server's own",
    http: { oauth2: { ...OAUTH2, endpoint_params: { grant_type: "password", username: "a" } } },
  },
];

for (const { name, http } of good) {
  test(`httpOptions take ${name}`, () => {
    assert.deepEqual(problemsOf(http), []);
  });
}

const bad: readonly { readonly name: string; readonly http: unknown; readonly want: RegExp }[] = [
  {
    name: "proxy_url beside proxy_from_environment",
    http: { proxy_url: URL_OF_PROXY, proxy_from_environment: true },
    want: /^proxy_url: proxy_from_environment and proxy_url exclude each other/,
  },
  {
    name: "no_proxy beside proxy_from_environment",
    http: { no_proxy: "a", proxy_from_environment: true },
    want: /^no_proxy: with proxy_from_environment NO_PROXY counts/,
  },
  { name: "no_proxy alone", http: { no_proxy: "a" }, want: /^no_proxy: .* write proxy_url/ },
  {
    name: "proxy_connect_header alone",
    http: { proxy_connect_header: { A: ["b"] } },
    want: /^proxy_connect_header: .* write proxy_url or proxy_from_environment/,
  },
  {
    name: "a header of CONNECT that is none",
    http: { proxy_url: URL_OF_PROXY, proxy_connect_header: { "A B": ["c"] } },
    want: /^proxy_connect_header\.A B: "A B" is no header name/,
  },
  {
    name: "a value of CONNECT in two lines",
    http: { proxy_url: URL_OF_PROXY, proxy_connect_header: { A: ["s3cret\nB: c"] } },
    want: /^proxy_connect_header\.A: a value of header A holds a line break/,
  },
  {
    name: "one value of CONNECT that is no list",
    http: { proxy_url: URL_OF_PROXY, proxy_connect_header: { A: "b" } },
    want: /^proxy_connect_header\.A: expected a list of the header's values/,
  },
  {
    name: "a proxy without scheme",
    http: { proxy_url: "us:s3cret@proxy.example:3128" },
    want: /^proxy_url: is no URL of a proxy: write for example http:\/\//,
  },
  {
    name: "oauth2 beside basic_auth",
    http: { basic_auth: {}, oauth2: OAUTH2 },
    want: /^oauth2: basic_auth and oauth2 exclude each other/,
  },
  {
    name: "oauth2 beside bearer_token",
    http: { bearer_token: "s3cret", oauth2: OAUTH2 },
    want: /^oauth2: bearer_token and oauth2 exclude each other/,
  },
  {
    name: "oauth2 without client_id",
    http: { oauth2: { token_url: OAUTH2.token_url } },
    want: /^oauth2\.client_id: expected the client's name/,
  },
  {
    name: "oauth2 without token_url",
    http: { oauth2: { client_id: "me" } },
    want: /^oauth2\.token_url: expected the URL of the token server/,
  },
  {
    name: "a token_url that is none",
    http: { oauth2: { ...OAUTH2, token_url: "login.example" } },
    want: /^oauth2\.token_url: is no URL of HTTP: write for example/,
  },
  {
    name: "a token_url with a password",
    http: { oauth2: { ...OAUTH2, token_url: "https://u:s3cret@login.example/" } },
    want: /^oauth2\.token_url: holds a user or password: write them as client_id/,
  },
  {
    name: "two secrets of oauth2",
    http: { oauth2: { ...OAUTH2, client_secret: "s3cret", client_secret_file: "f" } },
    want: /^oauth2\.client_secret_file: client_secret and client_secret_file exclude/,
  },
  {
    name: "another grant type",
    http: { oauth2: { ...OAUTH2, grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer" } },
    want: /^oauth2\.grant_type: expected client_credentials/,
  },
  {
    name: "a parameter scope beside scopes",
    http: { oauth2: { ...OAUTH2, scopes: ["a"], endpoint_params: { scope: "b" } } },
    want: /^oauth2\.endpoint_params\.scope: parameter "scope" is made of scopes/,
  },
  {
    name: "no_proxy of oauth2 alone",
    http: { oauth2: { ...OAUTH2, no_proxy: "a" } },
    want: /^oauth2\.no_proxy: .* write proxy_url/,
  },
];

for (const { name, http, want } of bad) {
  test(`httpOptions refuse ${name}`, () => {
    const problems = problemsOf(http);
    assert.match(problems.join("\n"), want);
    assert.doesNotMatch(problems.join("\n"), /s3cret/);
  });
}
