import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { portNumber, splitHostPort } from "../../src/probe/host-port.ts";

const split = [
  { target: "192.0.2.1:80", host: "192.0.2.1", port: "80" },
  { target: "www.example.net:https", host: "www.example.net", port: "https" },
  { target: "[2001:db8::1]:25", host: "2001:db8::1", port: "25" },
  { target: "[fe80::1%eth0]:25", host: "fe80::1%eth0", port: "25" },
  { target: "[www.example.net]:25", host: "www.example.net", port: "25" },
  { target: "www.example.net:", host: "www.example.net", port: "" },
  { target: ":80", host: "", port: "80" },
  { target: "[]:", host: "", port: "" },
] as const;

for (const { target, host, port } of split) {
  test(`splitHostPort() reads ${target}`, () => {
    assert.deepEqual(splitHostPort(target), { kind: "split", host, port });
  });
}

// The words are those of Go's net.SplitHostPort.
const refused = [
  { target: "", why: "missing port in address" },
  { target: "www.example.net", why: "missing port in address" },
  { target: "2001:db8::1", why: "too many colons in address" },
  { target: "https://www.example.net:443", why: "too many colons in address" },
  { target: "[2001:db8::1]", why: "missing port in address" },
  { target: "[2001:db8::1]80", why: "missing port in address" },
  { target: "[2001:db8::1]:80:90", why: "too many colons in address" },
  { target: "[2001:db8::1:80", why: "missing ']' in address" },
  { target: "a[b:80", why: "unexpected '[' in address" },
  { target: "a]b:80", why: "unexpected ']' in address" },
  { target: "[a[b]:80", why: "unexpected '[' in address" },
  { target: "a:8]0", why: "unexpected ']' in address" },
] as const;

for (const { target, why } of refused) {
  test(`splitHostPort() refuses ${target === "" ? "an empty text" : target}`, () => {
    const remedy = "write host:port, and an IPv6 address in brackets";
    assert.deepEqual(splitHostPort(target), {
      kind: "failed",
      reason: "bad_target",
      detail: `address "${target}": ${why}: ${remedy}`,
    });
  });
}

test("splitHostPort() takes any text, and finds again what was joined", () => {
  const part = fc.string({ unit: fc.constantFrom("a", ":", "[", "]", "%", ".", "1") });
  fc.assert(fc.property(part, (text) => void splitHostPort(text)));
  const plain = fc.stringMatching(/^[a-z0-9.%-]*$/);
  fc.assert(
    fc.property(plain, plain, (host, port) => {
      assert.deepEqual(splitHostPort(`${host}:${port}`), { kind: "split", host, port });
      assert.deepEqual(splitHostPort(`[${host}:1]:${port}`), {
        kind: "split",
        host: `${host}:1`,
        port,
      });
    }),
  );
});

for (const [text, number] of [
  ["80", 80],
  ["0", 0],
  ["", 0],
  ["65535", 65_535],
  ["0080", 80],
  ["smtp", 25],
  ["HTTPS", 443],
] as const) {
  test(`portNumber() reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(portNumber(text), { kind: "port", number });
  });
}

for (const text of ["65536", "-1", "+80", "8 0", "1e3", "0x50", "nonsense", "constructor"]) {
  test(`portNumber() refuses ${JSON.stringify(text)}`, () => {
    assert.deepEqual(portNumber(text), {
      kind: "failed",
      reason: "bad_target",
      detail: `port "${text}" is not known: write a number, 1 to 65535`,
    });
  });
}
