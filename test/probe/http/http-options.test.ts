import assert from "node:assert/strict";
import { test } from "node:test";
import { httpOptions } from "../../../src/probe/http/http-options.ts";
import { headerProblem } from "../../../src/probe/http/request-headers.ts";
import { BUILT_IN_MODULES, moduleOptions } from "../../../src/probe/module.ts";

function problemsOf(http: unknown): string[] {
  const parsed = httpOptions.safeParse(http);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

test("httpOptions of nothing are blackbox_exporter's defaults", () => {
  const options = httpOptions.parse({});
  assert.equal(options.method, "GET");
  assert.equal(options.preferred_ip_protocol, "ip6");
  assert.deepEqual(
    [options.ip_protocol_fallback, options.follow_redirects, options.enable_http2],
    [true, true, true],
  );
  assert.deepEqual([options.fail_if_ssl, options.fail_if_not_ssl], [false, false]);
  assert.equal(options.body_size_limit, 0);
  assert.equal(options.tls_config.insecure_skip_verify, false);
});

test("httpOptions are plain data that crosses threads", () => {
  const options = httpOptions.parse({
    fail_if_body_matches_regexp: ["a+"],
    headers: { "X-Number": 1, "X-Flag": true },
    basic_auth: { username: "u", password: "p" },
  });
  assert.deepEqual(structuredClone(options), options);
  assert.deepEqual(options.headers, { "X-Number": "1", "X-Flag": "true" });
});

test("no_follow_redirects wins over follow_redirects and is not kept", () => {
  const off = httpOptions.parse({ no_follow_redirects: true, follow_redirects: true });
  const on = httpOptions.parse({ no_follow_redirects: "no", follow_redirects: false });
  assert.deepEqual([off.follow_redirects, on.follow_redirects], [false, true]);
  assert.equal(Object.hasOwn(off, "no_follow_redirects"), false);
});

const loads = [
  { name: "a version that no answer has", http: { valid_http_versions: ["HTTP/2", ""] } },
  { name: "a limit below nothing", http: { body_size_limit: -1 } },
  { name: "a limit below nothing with its unit", http: { body_size_limit: "-5MB" } },
  {
    name: "HTTP/3",
    http: { enable_http3: true, enable_http2: false, valid_http_versions: ["HTTP/3.0"] },
  },
] as const;

for (const { name, http } of loads) {
  test(`httpOptions take ${name}, as blackbox_exporter does`, () => {
    assert.deepEqual(problemsOf(http), []);
    assert.equal(httpOptions.parse(http).body_size_limit, 0);
  });
}

test("the built-in modules are valid, and http_post_2xx posts", () => {
  for (const module of Object.values(BUILT_IN_MODULES)) moduleOptions.parse(module);
  assert.equal(moduleOptions.parse(BUILT_IN_MODULES["http_post_2xx"]).http.method, "POST");
});

const bad: readonly { readonly name: string; readonly http: unknown; readonly want: RegExp }[] = [
  {
    name: "a method with a space",
    http: { method: "GE T" },
    want: /^method: the text "GE T" is no HTTP method/,
  },
  { name: "CONNECT", http: { method: "connect" }, want: /^method: CONNECT opens a tunnel/ },
  {
    name: "a look-ahead",
    http: { fail_if_body_matches_regexp: ["(?=a)"] },
    want: /^fail_if_body_matches_regexp\.0: not a regular expression in RE2 syntax/,
  },
  {
    name: "an open group",
    http: { fail_if_header_matches: [{ header: "A", regexp: "(" }] },
    want: /^fail_if_header_matches\.0\.regexp: .*missing closing \)/,
  },
  {
    name: "a header rule without a name",
    http: { fail_if_header_not_matches: [{ header: "a b", regexp: "x" }] },
    want: /^fail_if_header_not_matches\.0\.header: expected a header name/,
  },
  {
    name: "two bodies",
    http: { body: "a", body_file: "b" },
    want: /^body_file: body and body_file exclude each other/,
  },
  {
    name: "two ways to authenticate",
    http: { basic_auth: { username: "u" }, bearer_token: "t" },
    want: /^bearer_token: basic_auth and bearer_token exclude each other/,
  },
  {
    name: "a server name with a character that no name has",
    http: { tls_config: { server_name: "a\0b" } },
    want: /^tls_config\.server_name: holds a space or a control character/,
  },
  {
    name: "two bearer tokens",
    http: { bearer_token: "t", bearer_token_file: "f" },
    want: /^bearer_token_file: bearer_token and bearer_token_file exclude/,
  },
  {
    name: "two passwords",
    http: { basic_auth: { password: "p", password_file: "f" } },
    want: /^basic_auth\.password_file: password and password_file exclude/,
  },
  {
    name: "authorization of type Basic",
    http: { authorization: { type: "Basic", credentials: "x" } },
    want: /^authorization\.type: .*write basic_auth instead/,
  },
  {
    name: "two roots",
    http: { tls_config: { ca: "x", ca_file: "y" } },
    want: /^tls_config\.ca: holds no certificate/,
  },
  {
    name: "a certificate without its key",
    http: { tls_config: { cert_file: "c" } },
    want: /^tls_config: a client certificate needs its key: write key_file/,
  },
  {
    name: "versions upside down",
    http: { tls_config: { min_version: "TLS13", max_version: "TLS12" } },
    want: /^tls_config\.min_version: .*is above max_version/,
  },
  {
    name: "an unknown TLS version",
    http: { tls_config: { min_version: "1.2" } },
    want: /^tls_config\.min_version: expected TLS10, TLS11, TLS12 or TLS13/,
  },
  {
    name: "a version without quotes",
    http: { valid_http_versions: [1.1] },
    want: /^valid_http_versions\.0: expected a version in quotes/,
  },
  {
    name: "a size that is none",
    http: { body_size_limit: "many" },
    want: /^body_size_limit: "many" is not a size/,
  },
  {
    name: "HTTP/3 beside HTTP/2",
    http: { enable_http3: true },
    want: /^enable_http3: needs enable_http2: false/,
  },
  {
    name: "HTTP/3 with the version of another",
    http: { enable_http3: true, enable_http2: false, valid_http_versions: ["HTTP/2.0"] },
    want: /^valid_http_versions: HTTP\/2\.0 is never spoken with enable_http3/,
  },
  {
    name: "the version of HTTP/3 without it",
    http: { valid_http_versions: ["HTTP/3.0"] },
    want: /^valid_http_versions: HTTP\/3\.0 is not spoken without enable_http3/,
  },
  {
    name: "a status that is none",
    http: { valid_status_codes: [42] },
    want: /^valid_status_codes\.0: /,
  },
  {
    name: "a wrong length",
    http: { headers: { "content-length": "5" }, body: "abc" },
    want: /^headers\.content-length: .*the body has 3 bytes: remove this header/,
  },
  {
    name: "a length of a body in a file",
    http: { headers: { "Content-Length": "5" }, body_file: "f" },
    want: /^headers\.Content-Length: .*the body is in a file/,
  },
  {
    name: "a header that is there twice",
    http: { headers: { Accept: "a", accept: "b" } },
    want: /^headers\.accept: header accept is there twice/,
  },
  {
    name: "rules that leave no way",
    http: { fail_if_ssl: true, fail_if_not_ssl: true },
    want: /^fail_if_not_ssl: .*no way to succeed/,
  },
  { name: "an unknown key", http: { http_proxy: "http://p" }, want: /http_proxy/ },
];

for (const { name, http, want } of bad) {
  test(`httpOptions refuse ${name} in a clear sentence`, () => {
    const problems = problemsOf(http);
    assert.equal(problems.length >= 1, true);
    assert.match(problems[0] ?? "", want);
  });
}

test("a private key that is none is refused without a word of it", () => {
  const problems = problemsOf({ tls_config: { cert_file: "c", key: "s3cret" } }).join("\n");
  assert.match(problems, /^tls_config\.key: holds no private key/);
  assert.doesNotMatch(problems, /s3cret/);
});

const headers: readonly {
  readonly name: string;
  readonly header: readonly [string, string];
  readonly want: RegExp | undefined;
}[] = [
  { name: "a common header", header: ["Accept-Language", "en-US"], want: undefined },
  { name: "obs-text in ISO 8859-1", header: ["X", "caf\u00e9"], want: undefined },
  { name: "an empty value", header: ["X", ""], want: undefined },
  { name: "Host with a port", header: ["Host", "a.example:8443"], want: undefined },
  { name: "Host with an address", header: ["host", "[2001:db8::1]:80"], want: undefined },
  { name: "Connection: close", header: ["Connection", "close"], want: undefined },
  {
    name: "Connection: keep-alive",
    header: ["connection", "keep-alive"],
    want: /remove this header/,
  },
  { name: "a name with a space", header: ["a b", "c"], want: /is no header name/ },
  { name: "an empty name", header: ["", "c"], want: /is no header name/ },
  { name: "a line break in a value", header: ["X", "a\r\nY: b"], want: /line break/ },
  { name: "a NUL in a value", header: ["X", "\0"], want: /control character/ },
  { name: "a letter beyond ISO 8859-1", header: ["X", "\u20ac"], want: /ISO 8859-1/ },
  {
    name: "Transfer-Encoding",
    header: ["Transfer-Encoding", "chunked"],
    want: /sent whole with its length/,
  },
  { name: "Keep-Alive", header: ["Keep-Alive", "timeout=5"], want: /connection of its own/ },
  { name: "Upgrade", header: ["Upgrade", "h2c"], want: /HTTP alone/ },
  { name: "Expect", header: ["Expect", "100-continue"], want: /without waiting/ },
  { name: "TE", header: ["TE", "trailers"], want: /remove this header/ },
  { name: "HTTP2-Settings", header: ["HTTP2-Settings", "x"], want: /enable_http2/ },
  { name: "Host with a path", header: ["Host", "a.example/b"], want: /is no host/ },
];

for (const { name, header, want } of headers) {
  test(`headerProblem() of ${name} is ${want === undefined ? "none" : "a remedy"}`, () => {
    const problem = headerProblem(...header);
    if (want === undefined) assert.equal(problem, undefined);
    else assert.match(problem ?? "", want);
  });
}
