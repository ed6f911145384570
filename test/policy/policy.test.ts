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

const socketRules = [
  { path: ["/run/app/control.sock", "/run/shared/*"] },
  { path: ["/run/only/one.sock"], module: ["other"] },
  { cidr: ["0.0.0.0/0"] },
];
const sockets = [
  { name: "a path of a rule", target: "/run/app/control.sock", want: "admitted" },
  { name: "a path of a pattern", target: "/run/shared/x.sock", want: "admitted" },
  { name: "a path below a pattern", target: "/run/shared/below/x.sock", want: "refused" },
  { name: "the directory of a pattern", target: "/run/shared/", want: "refused" },
  { name: "a path of a rule for another module", target: "/run/only/one.sock", want: "refused" },
  { name: "a way up out of a pattern", target: "/run/shared/../docker.sock", want: "refused" },
  { name: "a configured path without a rule", target: "/run/configured.sock", want: "refused" },
  { name: "a relative path", target: "run/app/control.sock", want: "refused" },
  { name: "an abstract socket", target: "@control", want: "refused" },
  { name: "a path that ends early for the kernel", target: "/run/shared/x\0y", want: "refused" },
] as const;

for (const targets of ["any", "configured", "none"] as const) {
  for (const { name, target, want } of sockets) {
    test(`admit() of ${name}, targets: ${targets}, is ${want}`, () => {
      const policy = createPolicy({
        options: policyOptions.parse({ targets, allow: socketRules }),
        groupsTargets: new Set(["/run/configured.sock"]),
        hasGroups: true,
      });
      const admission = policy.admit({ target, module: "socket", prober: "unix" });
      assert.equal(admission.kind, want);
      if (admission.kind === "admitted") {
        assert.deepEqual(admission.permit, { kind: "path", path: target });
      } else {
        assert.equal(admission.rule, "path");
      }
    });
  }
}

const placed = [
  { prober: "tcp", target: "mail.example.org:25", want: "admitted" },
  { prober: "tcp", target: "mail.example.org:80", want: "refused" },
  // Its address may be in the block of the other rule: the guard will see.
  { prober: "tcp", target: "mail.example.com:25", want: "admitted" },
  { prober: "tcp", target: "[2001:db8::1]:25", want: "admitted" },
  { prober: "tcp", target: "192.0.2.1:25", want: "refused" },
  { prober: "tcp", target: "3405803777:25", want: "admitted" },
  { prober: "tcp", target: "0x7f.1:25", want: "refused" },
  { prober: "dns", target: "ns.example.org", want: "admitted" },
  { prober: "dns", target: "ns.example.org:25", want: "admitted" },
  { prober: "dns", target: "ns.example.org:5353", want: "refused" },
  { prober: "dns", target: "2001:db8::53", want: "admitted" },
  { prober: "dns", target: "127.1", want: "refused" },
  { prober: "grpc", target: "api.example.org", want: "admitted" },
  { prober: "grpc", target: "https://api.example.org:25", want: "admitted" },
  { prober: "grpc", target: "api.example.org:8443", want: "refused" },
  { prober: "websocket", target: "wss://ws.example.org:25/x", want: "admitted" },
  { prober: "websocket", target: "wss://ws.example.org/x", want: "refused" },
  { prober: "http", target: "http://mail.example.org:25/", want: "admitted" },
  // Its prober refuses it, so nothing is connected to.
  { prober: "http", target: "http://192.0.2.1\\@mail.example.org:25/", want: "admitted" },
  { prober: "http", target: "http://0xcb007105:25/", want: "admitted" },
  { prober: "http", target: "http://127.0.0.1:25/", want: "refused" },
] as const;

for (const { prober, target, want } of placed) {
  test(`admit() reads the ${prober} target ${target} as its prober does: ${want}`, () => {
    const policy = policyOf({
      allow: [
        { host: ["*.example.org"], port: [25] },
        { cidr: ["203.0.113.0/24", "2001:db8::/32"], port: [25] },
      ],
    });
    assert.equal(policy.admit({ target, module: "m", prober }).kind, want);
  });
}

test("admit() takes a target of a group for every prober but unix, by its text alone", () => {
  for (const [prober, target] of [
    ["tcp", "mail.example.net:25"],
    ["dns", "192.0.2.53"],
    ["grpc", "api.example.net:443"],
    ["websocket", "wss://ws.example.net/"],
  ] as const) {
    const groupsTargets = new Set<string>([target]);
    const policy = createPolicy({
      options: policyOptions.parse({}),
      groupsTargets,
      hasGroups: true,
    });
    assert.deepEqual(policy.admit({ target, module: "m", prober }), {
      kind: "admitted",
      permit: { kind: "deny_only" },
    });
    assert.equal(policy.admit({ target: `${target} `, module: "m", prober }).kind, "refused");
  }
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
