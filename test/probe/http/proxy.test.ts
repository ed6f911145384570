import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProxyOptions } from "../../../src/probe/http/http-route-options.ts";
import { chooseProxy, parseProxyUrl } from "../../../src/probe/http/proxy.ts";
import { httpModule } from "../lab.ts";

const urls: readonly { readonly text: string; readonly want: unknown }[] = [
  {
    text: "http://proxy.example",
    want: { scheme: "http", host: "proxy.example", port: 80, credentials: undefined },
  },
  {
    text: "HTTPS://[2001:db8::1]:3129/",
    want: { scheme: "https", host: "2001:db8::1", port: 3129, credentials: undefined },
  },
  {
    text: "socks5h://u%40x:p%3A@192.0.2.1",
    want: {
      scheme: "socks5h",
      host: "192.0.2.1",
      port: 1080,
      credentials: { user: "u@x", password: "p:" },
    },
  },
];

for (const { text, want } of urls) {
  test(`parseProxyUrl() of ${text}`, () => {
    assert.deepEqual(parseProxyUrl(text), { kind: "proxy", proxy: want });
  });
}

const badUrls: readonly (readonly [text: string, want: RegExp])[] = [
  ["proxy.example:3128", /write for example http:\/\//],
  ["ftp://proxy.example", /^ftp:\/\/ is no proxy: write http/],
  ["http://", /is no URL/],
  ["socks5://", /has no host/],
  ["http://proxy.example:0", /port 0/],
  ["http://proxy.example:99999", /is no URL/],
  [`socks5://u:${"p".repeat(256)}@proxy.example`, /credentials SOCKS cannot carry/],
  ["socks5://:p@proxy.example", /credentials SOCKS cannot carry/],
];

for (const [text, want] of badUrls) {
  test(`parseProxyUrl() says what is wrong with ${text.slice(0, 30)}`, () => {
    const parsed = parseProxyUrl(text);
    assert.equal(parsed.kind, "malformed");
    if (parsed.kind === "malformed") assert.match(parsed.problem, want);
  });
}

const FROM_ENVIRONMENT = { proxy_from_environment: true };
const BY_URL = { proxy_url: "http://p.example:1" };

const choices: readonly {
  readonly name: string;
  readonly http: Record<string, unknown>;
  readonly url: string;
  readonly environment?: Record<string, string>;
  /** Host of the proxy, or how the choice ended. */
  readonly want: string;
}[] = [
  { name: "without a proxy", http: {}, url: "http://a.example", want: "direct" },
  {
    name: "an environment that is not asked for",
    http: {},
    url: "http://a.example",
    environment: { HTTP_PROXY: "http://h.example" },
    want: "direct",
  },
  { name: "proxy_url", http: BY_URL, url: "http://a.example", want: "p.example" },
  {
    name: "proxy_url for a loopback address",
    http: BY_URL,
    url: "http://127.0.0.1",
    want: "p.example",
  },
  {
    name: "proxy_url with no_proxy for a loopback address",
    http: { ...BY_URL, no_proxy: "b.example" },
    url: "http://127.0.0.1",
    want: "direct",
  },
  {
    name: "a place in no_proxy",
    http: { ...BY_URL, no_proxy: "b.example,a.example" },
    url: "https://www.a.example",
    want: "direct",
  },
  {
    name: "a place not in no_proxy",
    http: { ...BY_URL, no_proxy: "a.example:8443" },
    url: "https://a.example",
    want: "p.example",
  },
  {
    name: "HTTP_PROXY for http",
    http: FROM_ENVIRONMENT,
    url: "http://a.example",
    environment: { HTTP_PROXY: "http://h.example", HTTPS_PROXY: "http://s.example" },
    want: "h.example",
  },
  {
    name: "HTTPS_PROXY for https",
    http: FROM_ENVIRONMENT,
    url: "https://a.example",
    environment: { HTTP_PROXY: "http://h.example", HTTPS_PROXY: "http://s.example" },
    want: "s.example",
  },
  {
    name: "small letters",
    http: FROM_ENVIRONMENT,
    url: "https://a.example",
    environment: { https_proxy: "socks5://s.example" },
    want: "s.example",
  },
  {
    name: "capitals before small letters",
    http: FROM_ENVIRONMENT,
    url: "http://a.example",
    environment: { HTTP_PROXY: "http://upper.example", http_proxy: "http://lower.example" },
    want: "upper.example",
  },
  {
    name: "a proxy without scheme",
    http: FROM_ENVIRONMENT,
    url: "http://a.example",
    environment: { HTTP_PROXY: "h.example:3128" },
    want: "h.example",
  },
  {
    name: "NO_PROXY",
    http: FROM_ENVIRONMENT,
    url: "http://a.example",
    environment: { HTTP_PROXY: "h.example:3128", no_proxy: ".example" },
    want: "direct",
  },
  {
    name: "localhost with a proxy of the environment",
    http: FROM_ENVIRONMENT,
    url: "http://localhost",
    environment: { HTTP_PROXY: "h.example:3128" },
    want: "direct",
  },
  {
    name: "HTTP_PROXY in a CGI program",
    http: FROM_ENVIRONMENT,
    url: "http://a.example",
    environment: { HTTP_PROXY: "h.example:3128", REQUEST_METHOD: "GET" },
    want: "failed",
  },
  {
    name: "HTTPS_PROXY in a CGI program",
    http: FROM_ENVIRONMENT,
    url: "https://a.example",
    environment: { HTTPS_PROXY: "h.example:3128", REQUEST_METHOD: "GET" },
    want: "h.example",
  },
  {
    name: "a proxy of the environment that is none",
    http: FROM_ENVIRONMENT,
    url: "http://a.example",
    environment: { HTTP_PROXY: "ftp://h.example" },
    want: "failed",
  },
];

for (const { name, http, url, environment = {}, want } of choices) {
  test(`chooseProxy() of ${name}`, () => {
    const { protocol, hostname, port } = new URL(url);
    const isTls = protocol === "https:";
    const usual = isTls ? 443 : 80;
    const place = { isTls, host: hostname, port: port === "" ? usual : Number(port) };
    const options: ProxyOptions = httpModule(http).http;
    const choice = chooseProxy(options, place, () => environment);
    assert.equal(choice.kind === "proxy" ? choice.proxy.host : choice.kind, want);
  });
}
