import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FAILURE_REASONS, PHASES } from "../../../src/probe/prober.ts";
import { ContinuousReport } from "../../../src/report/continuous.ts";
import { samplesOf, sampleValue } from "../../support/exposition.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { FINISHED_AT_SECONDS, failed, scrape, succeeded, tlsFacts } from "../fixtures.ts";
import {
  dnsFacts,
  grpcFacts,
  probed,
  tcpFacts,
  unixFacts,
  websocketFacts,
} from "../prober-fixtures.ts";

const newReport = (): ContinuousReport => new ContinuousReport({ clock: fakeClock() });

type Prober = (typeof probed)[number]["prober"];

function addTo(report: ContinuousReport, prober: Prober, labels = {}): number {
  const target = probed.find((one) => one.prober === prober)?.target ?? "";
  return report.addTarget({ group: "g", module: prober, target, labels, prober }, undefined);
}

for (const { prober, outcome } of probed) {
  test(`every counter and histogram of a new ${prober} target is there at 0, and no gauge but the pace`, async () => {
    const report = newReport();
    addTo(report, prober);
    const { families } = await scrape(report);
    assert.deepEqual(
      [...families.keys()],
      [
        "sounder_target_address_changes_total",
        "sounder_target_resolve_failures_total",
        "sounder_target_fast_probing",
        `sounder_${prober}_duration_seconds`,
        "sounder_probe_duration_seconds",
        "sounder_probes_total",
        "sounder_probe_failures_total",
      ],
    );
    for (const { samples } of families.values()) {
      for (const { name, value } of samples) assert.equal(value, 0, name);
    }
    const phases = samplesOf(families, `sounder_${prober}_duration_seconds_count`).map(
      (sample) => sample.labels["phase"],
    );
    assert.deepEqual(phases, [...PHASES[prober]]);
  });

  test(`record() of a ${prober} probe counts it, and in every phase it reached`, async () => {
    const report = newReport();
    report.record(addTo(report, prober), outcome);
    const { families } = await scrape(report);
    assert.equal(sampleValue(families, "sounder_target_up"), 1);
    assert.equal(
      sampleValue(families, "sounder_target_last_finished_timestamp_seconds"),
      FINISHED_AT_SECONDS,
    );
    assert.equal(sampleValue(families, "sounder_probes_total"), 1);
    assert.equal(sampleValue(families, "sounder_probe_failures_total"), 0);
    assert.equal(sampleValue(families, "sounder_probe_duration_seconds_sum"), 0.062);
    for (const [phase, seconds] of Object.entries(outcome.facts.phases)) {
      const name = `sounder_${prober}_duration_seconds`;
      assert.equal(sampleValue(families, `${name}_sum`, { phase }), seconds, phase);
      assert.equal(sampleValue(families, `${name}_count`, { phase }), seconds > 0 ? 1 : 0, phase);
    }
  });

  test(`record() of a ${prober} probe shows what TLS showed, and nothing of it where there was none`, async () => {
    const report = newReport();
    const target = addTo(report, prober);
    const tls = { ...tlsFacts, verifiedNotAfterSeconds: undefined };
    const withTls = failed("tls_untrusted", { facts: { ...outcome.facts, tls } });
    report.record(target, withTls);
    const { families } = await scrape(report);
    const earliest = "sounder_tls_earliest_certificate_not_after_timestamp_seconds";
    assert.equal(sampleValue(families, earliest), 1_800_000_000);
    assert.equal(families.has("sounder_tls_verified_chain_not_after_timestamp_seconds"), false);
    const kind = { version: tlsFacts.version, cipher: tlsFacts.cipher };
    assert.equal(sampleValue(families, "sounder_tls_info", kind), 1);

    report.record(target, { ...outcome, facts: { ...outcome.facts, tls: undefined } });
    const after = await scrape(report);
    assert.equal(after.families.has(earliest), false);
    assert.equal(after.families.has("sounder_tls_info"), false);
  });
}

const gaugeCases = [
  {
    name: "a DNS answer",
    facts: { ...dnsFacts, isSoaAsked: true, soaSerial: 2_026_010_101 },
    want: [
      "sounder_dns_response_code 0",
      'sounder_dns_records section="answer" 2',
      'sounder_dns_records section="authority" 1',
      'sounder_dns_records section="additional" 3',
      "sounder_dns_soa_serial 2026010101",
    ],
  },
  {
    name: "a DNS answer of other records",
    facts: { ...dnsFacts, responseCode: 3, sections: { answer: 0, authority: 1, additional: 0 } },
    want: [
      "sounder_dns_response_code 3",
      'sounder_dns_records section="answer" 0',
      'sounder_dns_records section="authority" 1',
      'sounder_dns_records section="additional" 0',
    ],
  },
  {
    name: "no DNS answer",
    facts: { ...dnsFacts, sections: undefined, responseCode: undefined },
    want: [],
  },
  {
    name: "a gRPC server in health",
    facts: grpcFacts,
    want: ["sounder_grpc_status_code 0", "sounder_grpc_serving_status 1"],
  },
  {
    name: "a gRPC server that is not",
    facts: { ...grpcFacts, servingStatus: "NOT_SERVING" },
    want: ["sounder_grpc_status_code 0", "sounder_grpc_serving_status 2"],
  },
  {
    name: "a gRPC server whose health is a number without a name",
    facts: { ...grpcFacts, servingStatus: "7" },
    want: ["sounder_grpc_status_code 0"],
  },
  {
    name: "a gRPC service that is not there",
    facts: { ...grpcFacts, statusCode: 5, servingStatus: undefined },
    want: ["sounder_grpc_status_code 5"],
  },
  {
    name: "no gRPC call",
    facts: { ...grpcFacts, statusCode: undefined, servingStatus: undefined },
    want: [],
  },
  { name: "an upgrade", facts: websocketFacts, want: ["sounder_websocket_status_code 101"] },
  {
    name: "no answer to an upgrade",
    facts: { ...websocketFacts, statusCode: 0, isUpgraded: false },
    want: ["sounder_websocket_status_code 0"],
  },
  {
    // What a peer says may be anything, and as many different things as there are probes.
    name: "a banner",
    facts: { ...tcpFacts, expectInfo: [["version", "OpenSSH_9.9"]] as const },
    want: [],
  },
  { name: "a unix socket", facts: unixFacts, want: [] },
] as const;

for (const { name, facts, want } of gaugeCases) {
  test(`the gauges of the last probe after ${name} are ${want.length} samples`, async () => {
    const report = newReport();
    report.record(addTo(report, facts.protocol), { ...succeeded, facts });
    const { families } = await scrape(report);
    const own = [...families].filter(
      ([family, { type }]) => type === "gauge" && family.startsWith(`sounder_${facts.protocol}_`),
    );
    const shown = own.flatMap(([, { samples }]) =>
      samples.map(({ name: of, labels, value }) => {
        const { target: _target, module: _module, group: _group, ...added } = labels;
        const text = Object.entries(added).map(([label, of_]) => `${label}="${of_}"`);
        return [of, ...text, value].join(" ");
      }),
    );
    assert.deepEqual(shown, want);
  });
}

test("a target's own label section gives way on sounder_dns_records alone", async () => {
  const report = newReport();
  report.record(addTo(report, "dns", { section: "north", role: "resolver" }), {
    ...succeeded,
    facts: dnsFacts,
  });
  const { families } = await scrape(report);
  assert.deepEqual(
    samplesOf(families, "sounder_dns_records").map(({ labels }) => [
      labels["section"],
      labels["role"],
    ]),
    [
      ["answer", "resolver"],
      ["authority", "resolver"],
      ["additional", "resolver"],
    ],
  );
  assert.equal(sampleValue(families, "sounder_dns_response_code", { section: "north" }), 0);
});

test("record() refuses the outcome of another prober than the target's", () => {
  const report = newReport();
  const target = addTo(report, "tcp");
  assert.throws(() => report.record(target, { ...succeeded, facts: dnsFacts }), /dns.*tcp/);
  assert.throws(() => report.record(target, succeeded), /http.*tcp/);
});

test("every reason of the bounded list is counted by its name, whichever the prober", async () => {
  const report = newReport();
  const target = addTo(report, "tcp");
  const isAgents = (reason: string): boolean => ["agent_overloaded", "cancelled"].includes(reason);
  const wanted = FAILURE_REASONS.filter((reason) => !isAgents(reason));
  for (const reason of FAILURE_REASONS) report.record(target, failed(reason, { facts: tcpFacts }));
  const { families } = await scrape(report);
  const byReason = samplesOf(families, "sounder_probe_failures_by_reason_total");
  assert.deepEqual(
    new Map(byReason.map(({ labels, value }) => [labels["reason"], value])),
    new Map(wanted.map((reason) => [reason, 1])),
  );
});

test("a place used again by another target of the prober has nothing of the one before", async () => {
  const report = newReport();
  for (const { prober, outcome } of probed) {
    const old = addTo(report, prober, { version: "1", section: "a" });
    report.record(old, outcome);
    report.record(old, failed("connect_refused", { facts: outcome.facts }));
    report.removeTarget(old);
    addTo(report, prober);
  }
  const { families } = await scrape(report);
  for (const { samples } of families.values()) {
    for (const { name, value, labels } of samples) {
      assert.equal(value, 0, `${name} of ${labels["module"]}`);
    }
  }
});

/** One probe of one of six targets. */
const probes = fc.record({
  of: fc.integer({ min: 0, max: probed.length - 1 }),
  reason: fc.option(fc.constantFrom("connect_refused", "connect_timeout", "tls_expired")),
  isDisturbed: fc.boolean(),
});

test("counters, reasons and histograms of all probers agree, whatever was recorded", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(probes, { maxLength: 60 }), async (made) => {
      const report = newReport();
      const handles = probed.map(({ prober }) => addTo(report, prober));
      for (const { of, reason, isDisturbed } of made) {
        const outcome = probed[of]?.outcome ?? succeeded;
        const { facts } = outcome;
        report.record(handles[of] ?? 0, {
          ...(reason === null ? outcome : failed(reason, { facts })),
          isDisturbed,
        });
      }
      const { families } = await scrape(report);
      for (const [number, { prober: module }] of probed.entries()) {
        const own = made.filter(({ of }) => of === number);
        const failures = own.filter(({ reason }) => reason !== null);
        const undisturbed = own.filter(({ isDisturbed }) => !isDisturbed);
        const value = (name: string): number | undefined => sampleValue(families, name, { module });
        assert.equal(value("sounder_probes_total"), own.length);
        assert.equal(value("sounder_probe_failures_total"), failures.length);
        assert.equal(value("sounder_probe_duration_seconds_count"), undisturbed.length);
        const byReason = samplesOf(families, "sounder_probe_failures_by_reason_total")
          .filter(({ labels }) => labels["module"] === module)
          .reduce((sum, sample) => sum + sample.value, 0);
        assert.equal(byReason, failures.length);
      }
    }),
    { numRuns: 30 },
  );
});
