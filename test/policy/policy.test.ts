import assert from "node:assert/strict";
import { test } from "node:test";
import { policyOptions } from "../../src/policy/options.ts";
import { createPolicy } from "../../src/policy/policy.ts";

const CONFIGURED = new Set(["192.0.2.1", "https://www.example.net/"]);

function policyOf(options: unknown, hasGroups = true) {
  return createPolicy({
    options: policyOptions.parse(options),
    groupsTargets: CONFIGURED,
    hasGroups,
  });
}

const modes = [
  { targets: "auto", hasGroups: true, want: "configured" },
  { targets: "auto", hasGroups: false, want: "any" },
  { targets: "any", hasGroups: true, want: "any" },
  { targets: "configured", hasGroups: false, want: "configured" },
  { targets: "none", hasGroups: true, want: "none" },
] as const;

for (const { targets, hasGroups, want } of modes) {
  test(`targets: ${targets} ${hasGroups ? "with" : "without"} groups is ${want}`, () => {
    assert.equal(policyOf({ targets }, hasGroups).mode, want);
  });
}

const allow = [
  { host: ["*.example.org"] },
  { cidr: ["203.0.113.0/24"] },
  { host: ["pinged.example.com"], module: ["icmp"] },
  { cidr: ["198.51.100.0/24"], port: [80] },
];

const requests = [
  { name: "a configured target", options: {}, target: "192.0.2.1", want: "deny_only" },
  { name: "a configured URL", options: {}, target: "https://www.example.net/", want: "deny_only" },
  {
    name: "another text for a configured target",
    options: {},
    target: "https://www.example.net",
    want: "refused",
  },
  { name: "a stranger", options: {}, target: "192.0.2.2", want: "refused" },
  {
    name: "a stranger where any is allowed",
    options: { targets: "any" },
    target: "192.0.2.2",
    want: "deny_only",
  },
  {
    name: "a configured target where none is",
    options: { targets: "none" },
    target: "192.0.2.1",
    want: "refused",
  },
  {
    name: "a URL whose host a rule names",
    options: { allow },
    target: "https://a.example.org:8443/x",
    want: "rules",
  },
  {
    name: "a bare host with port and path",
    options: { allow },
    target: "a.example.org:8443/x",
    want: "rules",
  },
  {
    name: "a host only like the rule's",
    options: { allow: [{ host: ["*.example.org"] }] },
    target: "https://example.org.example.com",
    want: "refused",
  },
  {
    name: "a configured target that rules would narrow",
    options: { allow },
    target: "192.0.2.1",
    want: "deny_only",
  },
  {
    name: "rules in addition to none",
    options: { allow, targets: "none" },
    target: "a.example.org",
    want: "rules",
  },
] as const;

for (const { name, options, target, want } of requests) {
  test(`admit() of ${name}: ${want}`, () => {
    const admission = policyOf(options).admit({ target, module: "http_2xx", prober: "http" });
    assert.equal(admission.kind === "admitted" ? admission.permit.kind : "refused", want);
  });
}

test("admit() leaves a name to the guard when only an address could decide", () => {
  const policy = policyOf({ allow });
  const request = { module: "http_2xx", prober: "http" };
  assert.equal(policy.admit({ ...request, target: "unknown.example.com" }).kind, "admitted");
  assert.equal(policy.admit({ ...request, target: "http://203.0.113.5/" }).kind, "admitted");
  assert.equal(policy.admit({ ...request, target: "http://192.0.2.9/" }).kind, "refused");
});

test("admit() holds a rule with ports against an echo", () => {
  const policy = policyOf({ allow: [{ cidr: ["198.51.100.0/24"], port: [80] }] });
  const target = "198.51.100.1";
  assert.equal(policy.admit({ target, module: "icmp", prober: "icmp" }).kind, "refused");
  assert.equal(policy.admit({ target, module: "http_2xx", prober: "http" }).kind, "admitted");
});

test("admit() hands on only the rules of the module", () => {
  const admission = policyOf({ allow }).admit({
    target: "pinged.example.com",
    module: "icmp",
    prober: "icmp",
  });
  assert.ok(admission.kind === "admitted" && admission.permit.kind === "rules");
  assert.equal(admission.permit.rules.length, 4);
  const other = policyOf({ allow }).admit({
    target: "a.example.org",
    module: "http_2xx",
    prober: "http",
  });
  assert.ok(other.kind === "admitted" && other.permit.kind === "rules");
  assert.equal(other.permit.rules.length, 3);
});

test("admit() sees targets that come while it runs", () => {
  const targets = new Set<string>();
  const policy = createPolicy({
    options: policyOptions.parse({}),
    groupsTargets: targets,
    hasGroups: true,
  });
  const request = { target: "192.0.2.5", module: "icmp", prober: "icmp" };
  assert.equal(policy.admit(request).kind, "refused");
  targets.add("192.0.2.5");
  assert.equal(policy.admit(request).kind, "admitted");
});

test("admit() never takes a path on the strength of its text", () => {
  const policy = policyOf({ targets: "any" });
  assert.equal(policy.admit({ target: "/run/x", module: "u", prober: "unix" }).kind, "refused");
});

test("a refusal names its rule and what to do", () => {
  const request = { target: "192.0.2.9", module: "icmp", prober: "icmp" };
  assert.deepEqual(policyOf({}).admit(request), {
    kind: "refused",
    rule: "targets",
    sentence:
      'target "192.0.2.9" is in no group: add it to a group, or add a rule to probe.allow that covers it',
  });
  const none = policyOf({ targets: "none" }).admit(request);
  assert.match(none.kind === "refused" ? none.sentence : "", /because probe\.targets is none/);
});
