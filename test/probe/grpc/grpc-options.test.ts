import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../../src/config/parse-config.ts";
import { metadataHeaders } from "../../../src/probe/grpc/grpc-metadata.ts";
import { grpcOptions } from "../../../src/probe/grpc/grpc-options.ts";

/** A file with one gRPC module, as JSON, which is YAML. */
const fileWith = (grpc: unknown): string =>
  JSON.stringify({ modules: { m: { prober: "grpc", grpc } } });

function messages(grpc: unknown): readonly string[] {
  const parsed = parseConfig(fileWith(grpc));
  return parsed.ok ? [] : parsed.problems.map(({ message }) => message);
}

test("what is left out is as blackbox_exporter has it", () => {
  const { tls_config: _tls, ...options } = grpcOptions.parse({});
  assert.deepEqual(options, {
    service: "",
    tls: false,
    metadata: {},
    preferred_ip_protocol: "ip6",
    ip_protocol_fallback: true,
  });
});

test("keys of metadata are lower-cased, values stay in their order", () => {
  const { metadata } = grpcOptions.parse({ metadata: { "X-Key": ["b", "a"] } });
  assert.deepEqual(metadataHeaders(metadata), [
    ["x-key", "b"],
    ["x-key", "a"],
  ]);
});

const good = [
  { name: "an empty list", metadata: { key: [] } },
  { name: "an empty value", metadata: { key: [""] } },
  { name: "every character of a key", metadata: { "a0-_.z": ["v"] } },
  { name: "any text in -bin", metadata: { "key-bin": ["ü\u0000\n"] } },
] as const;

for (const { name, metadata } of good) {
  test(`${name} is fine in metadata`, () => {
    assert.deepEqual(messages({ metadata }), []);
  });
}

const bad = [
  { name: "a key with a space", metadata: { "a key": ["v"] }, wants: /is no key of metadata/ },
  { name: "a pseudo-header", metadata: { ":path": ["/"] }, wants: /is no key of metadata/ },
  { name: "an empty key", metadata: { "": ["v"] }, wants: /is no key of metadata/ },
  { name: "a key of gRPC", metadata: { "grpc-timeout": ["1S"] }, wants: /belong to gRPC itself/ },
  { name: "content-type", metadata: { "Content-Type": ["a"] }, wants: /remove this key/ },
  { name: "te", metadata: { te: ["a"] }, wants: /remove this key/ },
  { name: "user-agent", metadata: { "User-Agent": ["a"] }, wants: /remove this key/ },
  { name: "a line break", metadata: { key: ["hunter2\n"] }, wants: /ends in -bin/ },
  { name: "a letter beyond ASCII", metadata: { key: ["hünter2"] }, wants: /ends in -bin/ },
  { name: "a text for a list", metadata: { key: "hunter2" }, wants: /expected a list/ },
  { name: "the same key twice", metadata: { Key: ["a"], key: ["b"] }, wants: /is there twice/ },
  {
    name: "too many keys",
    metadata: Object.fromEntries(Array.from({ length: 101 }, (_none, at) => [`k${at}`, ["v"]])),
    wants: /has 101 keys/,
  },
  {
    name: "too many bytes",
    metadata: { a: ["v".repeat(40_000)], b: ["v".repeat(40_000)] },
    wants: /has 80002 bytes/,
  },
] as const;

for (const { name, metadata, wants } of bad) {
  test(`${name} in metadata is a problem that quotes no value`, () => {
    const found = messages({ metadata });
    assert.equal(found.length, 1);
    assert.match(found.join(), wants);
    assert.doesNotMatch(found.join(), /h[uü]nter2/);
  });
}

test("a name of a service has an end", () => {
  assert.match(messages({ service: "a".repeat(1025) }).join(), /at most 1024 characters/);
});
