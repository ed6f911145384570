import assert from "node:assert/strict";
import { test } from "node:test";
import { dnsTarget } from "../../../src/probe/dns/dns-target.ts";

const good: readonly { target: string; isTls?: boolean; host: string; port: number }[] = [
  { target: "192.0.2.1", host: "192.0.2.1", port: 53 },
  { target: "192.0.2.1:5353", host: "192.0.2.1", port: 5353 },
  { target: "ns.example.net", host: "ns.example.net", port: 53 },
  { target: "ns.example.net:53", host: "ns.example.net", port: 53 },
  { target: "ns.example.net", isTls: true, host: "ns.example.net", port: 853 },
  { target: "2001:db8::1", host: "2001:db8::1", port: 53 },
  { target: "[2001:db8::1]", host: "2001:db8::1", port: 53 },
  { target: "[2001:db8::1]:853", host: "2001:db8::1", port: 853 },
  { target: "fe80::1%eth0", host: "fe80::1%eth0", port: 53 },
  { target: "[fe80::1%eth0]:53", host: "fe80::1%eth0", port: 53 },
];

for (const { target, isTls = false, host, port } of good) {
  test(`dnsTarget() of ${target}${isTls ? " over TLS" : ""} is ${host} and ${port}`, () => {
    assert.deepEqual(dnsTarget(target, isTls), { kind: "target", host, port });
  });
}

const bad: readonly { name: string; target: string; why: RegExp }[] = [
  { name: "nothing", target: "", why: /has no host: write for example/ },
  { name: "a port alone", target: ":53", why: /has no host/ },
  { name: "a colon without a port", target: "ns.example.net:", why: /no port behind its colon/ },
  { name: "port 0", target: "ns.example.net:0", why: /no port behind its colon/ },
  { name: "a port beyond the last", target: "ns.example.net:65536", why: /"65536" is not known/ },
  { name: "a port that is a word", target: "ns.example.net:dns", why: /"dns" is not known/ },
  { name: "a target of any length", target: "a".repeat(5000), why: /5000 characters/ },
];

for (const { name, target, why } of bad) {
  test(`dnsTarget() refuses ${name}`, () => {
    const read = dnsTarget(target, false);
    assert.equal(read.kind, "failed");
    if (read.kind !== "failed") return;
    assert.equal(read.reason, "bad_target");
    assert.match(read.detail, why);
  });
}
