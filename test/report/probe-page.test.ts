import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProbeOutcome } from "../../src/probe/prober.ts";
import { PAGE_METRICS } from "../../src/report/catalogue.ts";
import { probePage } from "../../src/report/probe-page.ts";
import { parseExposition, samplesOf, sampleValue } from "../support/exposition.ts";
import { assertGolden } from "../support/golden.ts";
import { promtoolComplaints, promtoolMissing } from "../support/promtool.ts";
import { failed, httpFacts, icmpFacts, succeeded, tlsFacts, unanswered } from "./fixtures.ts";

const icmpSilent = {
  ...icmpFacts,
  phases: { resolve: 0.002, setup: 0.0001, rtt: 0 },
  replyHopLimit: undefined,
};

/** Each is a golden file. */
const pages: readonly { readonly name: string; readonly outcome: ProbeOutcome }[] = [
  { name: "http-success-tls", outcome: succeeded },
  {
    name: "http-success-plain",
    outcome: {
      ...succeeded,
      facts: {
        ...httpFacts,
        phases: { ...httpFacts.phases, tls: 0 },
        isTls: false,
        tls: undefined,
        contentLengthBytes: -1,
        lastModifiedSeconds: undefined,
        redirects: 0,
      },
    },
  },
  {
    name: "http-status-500",
    outcome: failed("http_status", { facts: { ...httpFacts, statusCode: 500 } }),
  },
  {
    name: "http-body-mismatch",
    outcome: failed("body_mismatch", { facts: { ...httpFacts, isFailedByRegexp: true } }),
  },
  {
    name: "http-tls-untrusted",
    outcome: failed("tls_untrusted", {
      facts: {
        ...unanswered({ resolve: 0.0015, connect: 0.01, tls: 0.02 }),
        isTls: true,
        tls: { ...tlsFacts, verifiedNotAfterSeconds: undefined },
      },
    }),
  },
  {
    name: "http-tls-not-verified",
    outcome: {
      ...succeeded,
      facts: { ...httpFacts, tls: { ...tlsFacts, verifiedNotAfterSeconds: undefined } },
    },
  },
  {
    name: "http-connect-refused",
    outcome: failed("connect_refused", { facts: unanswered({ resolve: 0.0015 }) }),
  },
  {
    name: "http-name-unknown",
    outcome: failed("dns_nxdomain", {
      address: undefined,
      facts: unanswered({ resolve: 0.0015 }),
    }),
  },
  {
    name: "http-bad-target",
    outcome: failed("bad_target", { address: undefined, lookupSeconds: 0 }),
  },
  {
    name: "icmp-success",
    outcome: {
      ...succeeded,
      address: { text: "2001:db8::1", family: "ipv6" },
      facts: icmpFacts,
    },
  },
  { name: "icmp-timeout", outcome: failed("icmp_timeout", { facts: icmpSilent }) },
  {
    name: "icmp-name-unknown",
    outcome: failed("dns_nxdomain", {
      address: undefined,
      facts: { ...icmpSilent, phases: { resolve: 0, setup: 0, rtt: 0 } },
    }),
  },
];

for (const { name, outcome } of pages) {
  test(`probePage() of ${name} is its golden file`, () => {
    const page = probePage(outcome, { timeoutSeconds: 9.5 });
    parseExposition(page);
    assertGolden(`test/report/golden/probe-${name}.txt`, page);
  });

  test(`probePage() of ${name} is silent in promtool`, { skip: promtoolMissing }, () => {
    assert.equal(promtoolComplaints(probePage(outcome, { timeoutSeconds: 9.5 })), "");
  });
}

const byText = (a = "", b = ""): number => (a < b ? -1 : 1);

test("families stand in the order of their names, series in that of their labels", () => {
  const names = [...parseExposition(probePage(succeeded, { timeoutSeconds: 5 })).keys()];
  assert.deepEqual(names, names.toSorted(byText));
  const phases = samplesOf(
    parseExposition(probePage(succeeded, { timeoutSeconds: 5 })),
    PAGE_METRICS.httpDuration.name,
  ).map((sample) => sample.labels["phase"]);
  assert.deepEqual(phases, phases.toSorted(byText));
});

test("nothing of the agent or of a continuous target is on the page", () => {
  assert.doesNotMatch(probePage(succeeded, { timeoutSeconds: 5 }), /sounder_|process_|nodejs_/);
});

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
