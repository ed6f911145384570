import assert from "node:assert/strict";
import { test } from "node:test";
import { policyOptions } from "../../src/policy/options.ts";

test("policyOptions fills the defaults of the contract", () => {
  assert.deepEqual(policyOptions.parse({}), {
    targets: "auto",
    allow: [],
    deny: ["metadata", "self"],
    max_concurrent: 1000,
  });
});

test("policyOptions takes rules of every kind and an empty deny list", () => {
  const given = {
    targets: "none",
    allow: [
      { cidr: ["192.0.2.0/24", "2001:db8::1"], port: [80, 443] },
      { host: ["*.example.net"], module: ["http_2xx"] },
      { path: ["/run/app/control.sock", "/run/other/*"], module: ["socket"] },
    ],
    deny: [],
    max_concurrent: 1,
  } as const;
  assert.deepEqual(policyOptions.parse(given), given);
});

const bad = [
  {
    name: "an unknown mode",
    value: { targets: "all" },
    at: "targets",
    says: /expected auto, configured, any or none/,
  },
  {
    name: "an unknown set",
    value: { deny: ["metdata"] },
    at: "deny.0",
    says: /the sets are metadata and self/,
  },
  {
    name: "a bad CIDR denied",
    value: { deny: ["10.0.0.1/8"] },
    at: "deny.0",
    says: /write 10\.0\.0\.0\/8/,
  },
  {
    name: "a number denied",
    value: { deny: [10] },
    at: "deny.0",
    says: /expected metadata, self or a CIDR/,
  },
  { name: "deny as a text", value: { deny: "self" }, at: "deny", says: /expected a list such as/ },
  {
    name: "a rule of nothing",
    value: { allow: [{}] },
    at: "allow.0",
    says: /empty rule would allow everything/,
  },
  {
    name: "a list of nothing",
    value: { allow: [{ host: [] }] },
    at: "allow.0.host",
    says: /matches nothing/,
  },
  {
    name: "a bad CIDR",
    value: { allow: [{ cidr: ["nowhere"] }] },
    at: "allow.0.cidr.0",
    says: /is not a CIDR/,
  },
  {
    name: "a bad host",
    value: { allow: [{ host: ["*"] }] },
    at: "allow.0.host.0",
    says: /every host/,
  },
  {
    name: "a text as list",
    value: { allow: [{ host: "example.net" }] },
    at: "allow.0.host",
    says: /expected a list such as/,
  },
  {
    name: "a port out of range",
    value: { allow: [{ port: [65_536] }] },
    at: "allow.0.port.0",
    says: /from 1 to 65535/,
  },
  {
    name: "a path that is not absolute",
    value: { allow: [{ path: ["run/x"] }] },
    at: "allow.0.path.0",
    says: /is not an absolute path: write for example/,
  },
  {
    name: "a path with a way up",
    value: { allow: [{ path: ["/run/app/../x"] }] },
    at: "allow.0.path.0",
    says: /has the part "\.\.": write the shortest path/,
  },
  {
    name: "a path beside a port",
    value: { allow: [{ path: ["/run/x"], port: [80] }] },
    at: "allow.0",
    says: /a unix socket has no cidr, host or port.*write two rules/,
  },
  {
    name: "too many entries",
    value: { allow: [{ port: Array.from({ length: 257 }, () => 80) }] },
    at: "allow.0.port",
    says: /at most 256/,
  },
  {
    name: "no probe at a time",
    value: { max_concurrent: 0 },
    at: "max_concurrent",
    says: /from 1 to 100000/,
  },
] as const;

for (const { name, value, at, says } of bad) {
  test(`policyOptions refuses ${name} in a sentence at its place`, () => {
    const issues = policyOptions.safeParse(value).error?.issues ?? [];
    const [issue] = issues;
    assert.equal(issues.length, 1);
    assert.equal(issue?.path.join("."), at);
    assert.match(issue?.message ?? "", says);
  });
}
