import assert from "node:assert/strict";
import { test } from "node:test";
import { createGuard } from "../../src/policy/guard.ts";
import type { Hop, Permit } from "../../src/policy/verdict.ts";

const PORT = 10_707;
const guard = createGuard({
  deny: ["metadata", "self", "198.51.100.0/24"],
  listen: [{ address: "::", port: PORT }],
  localAddresses: () => ["127.0.0.1", "192.0.2.7", "2001:db8::7", "fe80::7%eth0"],
});
const DENY_ONLY: Permit = { kind: "deny_only" };
const hop = (address: string, port: number | undefined = 80, host = "www.example.net"): Hop => ({
  address,
  port,
  host,
});

function ruleOf(verdict: ReturnType<typeof guard>): string {
  return verdict.kind === "allowed" ? "allowed" : verdict.rule;
}

const addresses = [
  { address: "192.0.2.1", rule: "allowed" },
  { address: "2001:db8::1", rule: "allowed" },
  { address: "127.0.0.1", rule: "allowed" },
  { address: "169.254.169.254", rule: "deny:metadata" },
  { address: "169.254.0.1", rule: "deny:metadata" },
  { address: "::ffff:169.254.169.254", rule: "deny:metadata" },
  { address: "::ffff:a9fe:a9fe%1", rule: "deny:metadata" },
  { address: "::169.254.169.254", rule: "deny:metadata" },
  { address: "64:ff9b::a9fe:a9fe", rule: "deny:metadata" },
  { address: "2002:a9fe:a9fe::1", rule: "deny:metadata" },
  { address: "2001:0:4136:e378:8000:63bf:5601:5601", rule: "deny:metadata" },
  { address: "fe80::1%eth0", rule: "deny:metadata" },
  { address: "fd00:ec2::254", rule: "deny:metadata" },
  { address: "100.100.100.200", rule: "deny:metadata" },
  { address: "168.63.129.16", rule: "deny:metadata" },
  { address: "192.0.0.192", rule: "deny:metadata" },
  { address: "198.51.100.9", rule: "deny" },
  { address: "64:ff9b::198.51.100.9", rule: "deny" },
  { address: "224.0.0.1", rule: "never" },
  { address: "239.255.255.255", rule: "never" },
  { address: "ff02::1", rule: "never" },
  { address: "255.255.255.255", rule: "never" },
  { address: "240.0.0.1", rule: "never" },
  { address: "0.0.0.0", rule: "never" },
  { address: "0.1.2.3", rule: "never" },
  { address: "::", rule: "never" },
  { address: "::ffff:0.0.0.0", rule: "never" },
  { address: "2002:e000:1::1", rule: "never" },
  { address: "127.1", rule: "address" },
  { address: "2852039166", rule: "address" },
  { address: "0xa9fea9fe", rule: "address" },
] as const;

for (const { address, rule } of addresses) {
  test(`a guard's rule for ${address} is ${rule}`, () => {
    assert.equal(ruleOf(guard(hop(address), DENY_ONLY, true)), rule);
  });
}

const self = [
  { name: "loopback", address: "127.0.0.1", port: PORT, rule: "deny:self" },
  { name: "any loopback", address: "127.9.9.9", port: PORT, rule: "deny:self" },
  { name: "IPv6 loopback", address: "::1", port: PORT, rule: "deny:self" },
  { name: "an interface", address: "192.0.2.7", port: PORT, rule: "deny:self" },
  { name: "an IPv6 interface", address: "2001:db8:0::7", port: PORT, rule: "deny:self" },
  { name: "mapped loopback", address: "::ffff:127.0.0.1", port: PORT, rule: "deny:self" },
  { name: "6to4 of an interface", address: "2002:c000:207::1", port: PORT, rule: "deny:self" },
  { name: "another port of ours", address: "127.0.0.1", port: PORT + 1, rule: "allowed" },
  { name: "our port elsewhere", address: "192.0.2.8", port: PORT, rule: "allowed" },
  { name: "an echo to ourselves", address: "127.0.0.1", port: undefined, rule: "allowed" },
] as const;

for (const { name, address, port, rule } of self) {
  test(`a guard's rule for ${name} is ${rule}`, () => {
    const verdict = guard({ address, port, host: address }, DENY_ONLY, true);
    assert.equal(ruleOf(verdict), rule);
  });
}

test("a guard of an agent on one address knows it, local or not", () => {
  const one = createGuard({
    deny: ["self"],
    listen: [{ address: "2001:DB8:0::9", port: PORT }],
    localAddresses: () => [],
  });
  assert.equal(ruleOf(one(hop("2001:db8::9", PORT), DENY_ONLY, true)), "deny:self");
});

test("a guard without deny entries still has the never-list", () => {
  const open = createGuard({ deny: [], listen: [{ address: "::", port: PORT }] });
  assert.equal(ruleOf(open(hop("169.254.169.254"), DENY_ONLY, true)), "allowed");
  assert.equal(ruleOf(open(hop("127.0.0.1", PORT), DENY_ONLY, true)), "allowed");
  assert.equal(ruleOf(open(hop("224.0.0.1"), DENY_ONLY, true)), "never");
});

test("a continuous probe's first hop is free, its redirects are not", () => {
  const permit: Permit = { kind: "continuous" };
  assert.equal(ruleOf(guard(hop("127.0.0.1", PORT), permit, true)), "allowed");
  assert.equal(ruleOf(guard(hop("127.0.0.1", PORT), permit, false)), "deny:self");
  assert.equal(ruleOf(guard(hop("169.254.169.254"), permit, false)), "deny:metadata");
  assert.equal(ruleOf(guard(hop("ff02::1"), permit, false)), "never");
  assert.equal(ruleOf(guard(hop("192.0.2.1"), permit, false)), "allowed");
});

const rules: Permit = {
  kind: "rules",
  module: "http_2xx",
  rules: [
    { cidr: ["203.0.113.0/24", "2001:db8::/32"], port: [80, 443] },
    { host: ["*.example.net"], module: ["http_2xx"] },
    { host: ["icmp.example.org"] },
    { cidr: ["2000::/3"], host: ["wide.example.org"] },
    { host: ["tcp.example.org"], module: ["tcp_connect"] },
    { path: ["/"] },
  ],
};

const ruled = [
  { name: "its block and port", hop: hop("203.0.113.9", 443, "x.org"), rule: "allowed" },
  { name: "its block by NAT64", hop: hop("64:ff9b::203.0.113.9", 443, "x.org"), rule: "allowed" },
  { name: "its block, mapped", hop: hop("::ffff:203.0.113.9", 80, "x.org"), rule: "allowed" },
  { name: "its block, other port", hop: hop("203.0.113.9", 22, "x.org"), rule: "allow" },
  {
    name: "its block without a port",
    hop: { address: "203.0.113.9", port: undefined, host: "x.org" },
    rule: "allow",
  },
  { name: "a host by pattern", hop: hop("192.0.2.1", 8080, "a.b.example.net"), rule: "allowed" },
  { name: "a host of no rule", hop: hop("192.0.2.1", 80, "example.org"), rule: "allow" },
  {
    name: "an echo by host",
    hop: { address: "192.0.2.1", port: undefined, host: "icmp.example.org" },
    rule: "allowed",
  },
  { name: "a rule of another module", hop: hop("192.0.2.1", 80, "tcp.example.org"), rule: "allow" },
  {
    name: "6to4 to what no block has",
    hop: hop("2002:c000:201::1", 80, "wide.example.org"),
    rule: "allow",
  },
  {
    name: "IPv6 in the wide block",
    hop: hop("2001:db8::1", 99, "wide.example.org"),
    rule: "allowed",
  },
  {
    name: "an allowed host at a denied address",
    hop: hop("169.254.169.254", 80, "a.example.net"),
    rule: "deny:metadata",
  },
  {
    name: "an allowed host at ourselves",
    hop: hop("::1", PORT, "a.example.net"),
    rule: "deny:self",
  },
  {
    name: "an allowed host at a multicast address",
    hop: hop("224.0.0.5", 80, "a.example.net"),
    rule: "never",
  },
] as const;

for (const { name, hop: given, rule } of ruled) {
  for (const isFirstHop of [true, false]) {
    test(`rules of allow say ${rule} of ${name}, first hop ${isFirstHop}`, () => {
      assert.equal(ruleOf(guard(given, rules, isFirstHop)), rule);
    });
  }
}

const sentences = [
  {
    hop: hop("64:ff9b::a9fe:a9fe"),
    want: '64:ff9b::a9fe:a9fe (169.254.169.254 inside) is in the set "metadata" of probe.deny',
  },
  { hop: hop("198.51.100.9"), want: "198.51.100.9 is in 198.51.100.0/24 of probe.deny" },
  { hop: hop("ff02::1"), want: "ff02::1 is a multicast address, which is never probed" },
  {
    hop: hop("127.0.0.1", PORT),
    want: '127.0.0.1 port 10707 is this agent itself, which the set "self" of probe.deny refuses',
  },
] as const;

for (const { hop: given, want } of sentences) {
  test(`the refusal of ${given.address} says why`, () => {
    const verdict = guard(given, DENY_ONLY, true);
    assert.equal(verdict.kind === "refused" && verdict.sentence, want);
  });
}
