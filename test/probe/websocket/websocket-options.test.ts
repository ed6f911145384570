import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../../src/config/parse-config.ts";
import { websocketOptions } from "../../../src/probe/websocket/websocket-options.ts";

/** What is wrong with a file of one module, as JSON, which is YAML. */
function messages(websocket: unknown): readonly string[] {
  const parsed = parseConfig(
    JSON.stringify({ modules: { m: { prober: "websocket", websocket } } }),
  );
  return parsed.ok ? [] : parsed.problems.map(({ message }) => message);
}

test("what is left out is as blackbox_exporter has it", () => {
  const { http_config, ...options } = websocketOptions.parse({});
  assert.equal(http_config.tls_config.insecure_skip_verify, false);
  assert.deepEqual(options, {
    headers: {},
    query_response: [],
    preferred_ip_protocol: "ip6",
    ip_protocol_fallback: true,
  });
});

const good: readonly { readonly name: string; readonly websocket: Record<string, unknown> }[] = [
  {
    name: "a dialogue",
    websocket: { query_response: [{ send: "hi" }, { expect: "^a(b)", send: "${1}" }, {}] },
  },
  {
    name: "what blackbox_exporter takes without effect",
    websocket: { http_config: { follow_redirects: true, enable_http2: "yes" } },
  },
  {
    name: "a header of every sort",
    websocket: {
      headers: { Authorization: { secrets: ["hunter2"] }, "User-Agent": { values: ["a"] } },
    },
  },
];

for (const { name, websocket } of good) {
  test(`${name} is fine`, () => {
    assert.deepEqual(messages(websocket), []);
  });
}

const header = (name: string, ...values: readonly string[]) => ({
  headers: { [name]: { values } },
});

const bad: readonly {
  readonly name: string;
  readonly websocket: Record<string, unknown>;
  readonly wants: RegExp;
}[] = [
  { name: "a regexp that is none", websocket: steps({ expect: ":[" }), wants: /RE2 syntax/ },
  { name: "expect_bytes", websocket: steps({ expect_bytes: "a" }), wants: /by expect alone/ },
  { name: "labels", websocket: steps({ labels: [] }), wants: /no labels to fill/ },
  { name: "starttls", websocket: steps({ starttls: true }), wants: /targets in wss:/ },
  {
    name: "more to send than is allowed",
    websocket: steps({ send: "a".repeat(2 ** 20) }, { send: "a" }),
    wants: /at most 1048576 bytes together/,
  },
  {
    name: "a proxy",
    websocket: { http_config: { proxy_url: "http://me:hunter2@a/" } },
    wants: /connects directly: remove this key/,
  },
  { name: "oauth2", websocket: { http_config: { oauth2: {} } }, wants: /fetches no tokens/ },
  {
    name: "http_headers",
    websocket: { http_config: { http_headers: {} } },
    wants: /under headers of the websocket block/,
  },
  {
    name: "two ways to authenticate",
    websocket: { http_config: { bearer_token: "hunter2", basic_auth: {} } },
    wants: /exclude each other: keep one way/,
  },
  {
    name: "Authorization twice",
    websocket: {
      http_config: { bearer_token: "hunter2" },
      headers: { authorization: { values: ["a"] } },
    },
    wants: /bearer_token of http_config exclude each other/,
  },
  { name: "Upgrade", websocket: header("Upgrade", "h2c"), wants: /handshake sends its own/ },
  { name: "a key", websocket: header("Sec-WebSocket-Key", "a"), wants: /handshake sends its own/ },
  {
    name: "an extension",
    websocket: header("sec-websocket-extensions", "permessage-deflate"),
    wants: /no extension is spoken/,
  },
  {
    name: "a subprotocol twice",
    websocket: header("Sec-WebSocket-Protocol", "chat", "chat"),
    wants: /write each once/,
  },
  { name: "two hosts", websocket: header("Host", "a", "b"), wants: /has one value/ },
  { name: "a host that is none", websocket: header("Host", "a b"), wants: /is no host/ },
  { name: "a name with a space", websocket: header("a b", "c"), wants: /is no header name/ },
  { name: "a line break", websocket: header("a", "hunter2\r\nb: c"), wants: /line break/ },
  {
    name: "a name in two spellings",
    websocket: { headers: { a: { values: ["b"] }, A: { values: ["c"] } } },
    wants: /is there twice/,
  },
  {
    name: "a list for values",
    websocket: { headers: { a: ["hunter2"] } },
    wants: /expected the header's value/,
  },
];

test("a header may be its value alone, as in blackbox_exporter's own example", () => {
  const { headers } = websocketOptions.parse({ headers: { "X-Some-Header": "my_header" } });
  assert.deepEqual(headers, { "X-Some-Header": { values: ["my_header"], secrets: [], files: [] } });
});

function steps(...query_response: readonly Record<string, unknown>[]) {
  return { query_response };
}

for (const { name, websocket, wants } of bad) {
  test(`${name} is a problem that quotes no secret`, () => {
    const found = messages(websocket);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found.join(), wants);
    assert.doesNotMatch(found.join(), /hunter2/);
  });
}
