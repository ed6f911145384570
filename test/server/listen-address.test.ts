import assert from "node:assert/strict";
import { test } from "node:test";
import { parseListenAddress } from "../../src/server/listen-address.ts";

const good = [
  { text: ":10707", host: undefined, port: 10_707 },
  { text: "127.0.0.1:9", host: "127.0.0.1", port: 9 },
  { text: "[::1]:10707", host: "::1", port: 10_707 },
  { text: "[fe80::1%eth0]:80", host: "fe80::1%eth0", port: 80 },
  { text: "localhost:1", host: "localhost", port: 1 },
  { text: "[::]:0", host: "::", port: 0 },
] as const;

for (const { text, host, port } of good) {
  test(`parseListenAddress() takes ${text}`, () => {
    assert.deepEqual(parseListenAddress(text), { kind: "parsed", target: { host, port } });
  });
}

const bad = [
  { text: "10707", says: /write :10707$/ },
  { text: "127.0.0.1", says: /write 127\.0\.0\.1:10707$/ },
  { text: "::1", says: /write \[::1\]:10707$/ },
  { text: "*:80", says: /write :80 for every address$/ },
  { text: ":65536", says: /ports end at 65535$/ },
  { text: "[127.0.0.1]:80", says: /no IPv6 address in its brackets/ },
  { text: "[]:80", says: /no IPv6 address in its brackets/ },
  { text: "http://localhost:80", says: /write for example :10707/ },
  { text: "localhost:http", says: /write for example :10707/ },
  { text: "", says: /write for example :10707/ },
] as const;

for (const { text, says } of bad) {
  test(`parseListenAddress() refuses ${JSON.stringify(text)} and says what to write`, () => {
    const parsed = parseListenAddress(text);
    assert.match(parsed.kind === "malformed" ? parsed.problem : "", says);
  });
}
