import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE_METRICS } from "../../src/report/catalogue/page-metrics.ts";
import { probePage } from "../../src/report/probe-page.ts";
import { parseExposition, sampleValue } from "../support/exposition.ts";
import { succeeded } from "./fixtures.ts";
import { probed } from "./prober-fixtures.ts";

for (const { prober, outcome } of probed) {
  test(`nothing of the agent or of a continuous target is on the page of ${prober}`, () => {
    assert.doesNotMatch(probePage(outcome, { timeoutSeconds: 5 }), /sounder_|process_|nodejs_/);
  });
}

// FNV-1a of 32 bits over the address bytes, by Go's hash/fnv: offset 2166136261, prime 16777619.
const hashes = [
  { name: "an IPv4 address", text: "192.0.2.7", family: "ipv4", protocol: 4 },
  { name: "an IPv4-mapped address", text: "::ffff:192.0.2.7", family: "ipv6", protocol: 4 },
  { name: "an IPv6 address", text: "2001:db8::1", family: "ipv6", protocol: 6 },
  { name: "an IPv6 address with a zone", text: "fe80::1%eth0", family: "ipv6", protocol: 6 },
] as const;

/** By whole numbers of any size, so that it shares nothing with the code under test. */
function referenceHash(bytes: readonly number[]): number {
  let hash = 2166136261n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 16777619n) % 2n ** 32n;
  return Number(hash);
}

const bytesOf: Readonly<Record<string, readonly number[]>> = {
  "192.0.2.7": [192, 0, 2, 7],
  "::ffff:192.0.2.7": [192, 0, 2, 7],
  "2001:db8::1": [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  "fe80::1%eth0": [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
};

for (const { name, text, family, protocol } of hashes) {
  test(`probe_ip_addr_hash of ${name} is of its bytes as Go has them`, () => {
    const page = probePage({ ...succeeded, address: { text, family } }, { timeoutSeconds: 5 });
    const families = parseExposition(page);
    const want = referenceHash(bytesOf[text] ?? []);
    assert.equal(sampleValue(families, PAGE_METRICS.ipAddressHash.name), want);
    assert.equal(sampleValue(families, PAGE_METRICS.ipProtocol.name), protocol);
  });
}
