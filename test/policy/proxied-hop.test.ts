import assert from "node:assert/strict";
import { test } from "node:test";
import { createGuard } from "../../src/policy/guard.ts";
import { guardProxied } from "../../src/policy/proxied-hop.ts";
import type { Permit } from "../../src/policy/verdict.ts";

const PORT = 10_707;
const guard = createGuard({
  deny: ["metadata", "self", "198.51.100.0/24"],
  listen: [{ address: "::", port: PORT }],
  localAddresses: () => ["192.0.2.7"],
});
const DENY_ONLY: Permit = { kind: "deny_only" };
const RULES: Permit = {
  kind: "rules",
  module: "http_2xx",
  rules: [
    { host: ["*.example.net"], port: [80, 443] },
    { cidr: ["203.0.113.0/24"] },
    { host: ["both.example.org"], cidr: ["203.0.113.0/24"] },
  ],
};
const PATH: Permit = { kind: "path", path: "/run/x" };
const CONTINUOUS: Permit = { kind: "continuous" };

const cases = [
  { name: "a name", host: "www.example.com", permit: DENY_ONLY, want: "allowed" },
  {
    name: "a resolved name",
    host: "a.example.com",
    to: "192.0.2.9",
    permit: DENY_ONLY,
    want: "allowed",
  },
  {
    name: "a denied resolved name",
    host: "a.example.com",
    to: "169.254.169.254",
    permit: DENY_ONLY,
    want: "deny:metadata",
  },
  { name: "a denied literal", host: "169.254.169.254", permit: DENY_ONLY, want: "deny:metadata" },
  {
    name: "a denied IPv6 literal",
    host: "[64:ff9b::a9fe:a9fe]",
    permit: DENY_ONLY,
    want: "deny:metadata",
  },
  { name: "a denied number", host: "2852039166", permit: DENY_ONLY, want: "deny:metadata" },
  {
    name: "a denied block in hexadecimal",
    host: "0xc6.0x33.0x64.9",
    permit: DENY_ONLY,
    want: "deny",
  },
  { name: "multicast", host: "224.1", permit: DENY_ONLY, want: "never" },
  {
    name: "the agent by localhost",
    host: "localhost",
    port: PORT,
    permit: DENY_ONLY,
    want: "deny:self",
  },
  {
    name: "the agent below localhost",
    host: "x.localhost.",
    port: PORT,
    permit: DENY_ONLY,
    want: "deny:self",
  },
  { name: "another port of localhost", host: "localhost", permit: DENY_ONLY, want: "allowed" },
  { name: "a host of a rule", host: "www.example.net", permit: RULES, want: "allowed" },
  {
    name: "a host of a rule, another port",
    host: "www.example.net",
    port: 22,
    permit: RULES,
    want: "allow",
  },
  { name: "a host of no rule", host: "www.example.com", permit: RULES, want: "allow" },
  {
    name: "a name that only a block could cover",
    host: "both.example.org",
    permit: RULES,
    want: "allow",
  },
  {
    name: "the same, resolved",
    host: "both.example.org",
    to: "203.0.113.9",
    permit: RULES,
    want: "allowed",
  },
  { name: "a literal of a block", host: "203.0.113.9", permit: RULES, want: "allowed" },
  { name: "a literal of no block", host: "192.0.2.9", permit: RULES, want: "allow" },
  { name: "a socket's permit", host: "www.example.net", permit: PATH, want: "path" },
  {
    name: "a socket's permit, resolved",
    host: "www.example.net",
    to: "192.0.2.9",
    permit: PATH,
    want: "path",
  },
] as const;

for (const { name, host, permit, want, ...rest } of cases) {
  const { port = 80, to } = { port: undefined, to: undefined, ...rest };
  for (const isFirstHop of [true, false]) {
    test(`guardProxied() of ${name}, first hop ${isFirstHop}, is ${want}`, () => {
      const verdict = guardProxied(guard, { host, port, address: to }, permit, isFirstHop);
      assert.equal(verdict.kind === "allowed" ? "allowed" : verdict.rule, want);
    });
  }
}

test("guardProxied() lets the first hop of a continuous probe go anywhere, its redirects not", () => {
  const hop = { host: "169.254.169.254", port: 80, address: undefined };
  assert.equal(guardProxied(guard, hop, CONTINUOUS, true).kind, "allowed");
  assert.equal(guardProxied(guard, hop, CONTINUOUS, false).kind, "refused");
  const name = { ...hop, host: "www.example.com" };
  assert.equal(guardProxied(guard, name, CONTINUOUS, false).kind, "allowed");
});

test("guardProxied() says what to write when a name has no rule of its own", () => {
  const hop = { host: "both.example.org", port: 80, address: undefined };
  const verdict = guardProxied(guard, hop, RULES, true);
  assert.equal(
    verdict.kind === "refused" && verdict.sentence,
    'no rule of probe.allow covers the name "both.example.org" port 80, and its address is known to the proxy alone: add its host to a rule without cidr',
  );
});
