import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LOSS_REASONS } from "../../src/icmp/echo.ts";
import { RTT_BUCKET_COUNT } from "../../src/metrics/histogram.ts";
import { ContinuousReport, TooManyScrapesError } from "../../src/report/continuous.ts";
import type { TargetDescription } from "../../src/report/target-rows.ts";
import { parseExposition, samplesOf, sampleValue } from "../support/exposition.ts";
import { fakeClock } from "../support/fake-clock.ts";
import {
  emptySnapshot,
  FINISHED_AT_SECONDS,
  failed,
  httpFacts,
  icmpFacts,
  never,
  scrape,
  succeeded,
  tally,
  textSink,
  tlsFacts,
  unanswered,
} from "./fixtures.ts";

const icmp: TargetDescription = {
  group: "core",
  module: "icmp",
  target: "192.0.2.1",
  labels: {},
  prober: "icmp",
};
const http: TargetDescription = {
  group: "web",
  module: "http_2xx",
  target: "https://www.example.net/",
  labels: { team: "web" },
  prober: "http",
};
const newReport = (): ContinuousReport => new ContinuousReport({ clock: fakeClock() });

test("write() of no targets gives nothing", async () => {
  const { text, figures } = await scrape(newReport());
  assert.equal(text, "");
  assert.equal(figures.samples, 0);
});

test("every counter and histogram of a new icmp target is there at 0, and no gauge but the pace", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  const { families } = await scrape(report, emptySnapshot(1));
  assert.deepEqual(
    [...families.keys()],
    [
      "sounder_target_address_changes_total",
      "sounder_target_resolve_failures_total",
      "sounder_target_fast_probing",
      "sounder_icmp_rtt_seconds",
      "sounder_icmp_echoes_total",
      "sounder_icmp_lost_total",
      "sounder_icmp_fast_echoes_total",
      "sounder_icmp_fast_lost_total",
      "sounder_icmp_late_replies_total",
      "sounder_icmp_duplicate_replies_total",
      "sounder_icmp_reordered_replies_total",
      "sounder_icmp_corrupt_replies_total",
      "sounder_icmp_unsent_total",
      "sounder_icmp_suspect_echoes_total",
    ],
  );
  for (const { samples } of families.values()) {
    for (const { name, value } of samples) assert.equal(value, 0, name);
  }
  assert.equal(samplesOf(families, "sounder_icmp_rtt_seconds_bucket").length, RTT_BUCKET_COUNT);
});

test("every counter and histogram of a new http target is there at 0, and no gauge but the pace", async () => {
  const report = newReport();
  report.addTarget(http, undefined);
  const { families } = await scrape(report);
  assert.deepEqual(
    [...families.keys()],
    [
      "sounder_target_address_changes_total",
      "sounder_target_resolve_failures_total",
      "sounder_target_fast_probing",
      "sounder_http_duration_seconds",
      "sounder_probe_duration_seconds",
      "sounder_probes_total",
      "sounder_probe_failures_total",
    ],
  );
  for (const { samples } of families.values()) {
    for (const { name, value } of samples) assert.equal(value, 0, name);
  }
  const phases = samplesOf(families, "sounder_http_duration_seconds_count").map(
    (sample) => sample.labels["phase"],
  );
  assert.deepEqual(phases, ["resolve", "connect", "tls", "processing", "transfer"]);
});

test("labels come as target, module, group, then the target's own by name", async () => {
  const report = newReport();
  const labels = { site: "fra", role: 'a "b" \\ \n c' };
  report.addTarget({ ...icmp, labels }, 1);
  const { families } = await scrape(report, emptySnapshot(1));
  const [sample] = samplesOf(families, "sounder_icmp_lost_total");
  assert.deepEqual(Object.entries(sample?.labels ?? {}), [
    ["target", "192.0.2.1"],
    ["module", "icmp"],
    ["group", "core"],
    ["role", 'a "b" \\ \n c'],
    ["site", "fra"],
  ]);
});

test("echoes less lost is the count of round-trip times, whatever was tallied", async () => {
  const results = fc.record({
    answered: fc.nat(1_000_000),
    lost: fc.nat(1_000_000),
    bucket: fc.nat(RTT_BUCKET_COUNT - 1),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(results, { minLength: 1, maxLength: 20 }), async (streams) => {
      const report = newReport();
      const snapshot = emptySnapshot(streams.length);
      for (const [index, result] of streams.entries()) {
        report.addTarget({ ...icmp, target: `192.0.2.${index}` }, index + 1);
        tally(snapshot, index + 1, result);
      }
      const { families } = await scrape(report, snapshot);
      for (const [index, { answered, lost }] of streams.entries()) {
        const target = `192.0.2.${index}`;
        const of = (name: string): number | undefined => sampleValue(families, name, { target });
        assert.equal(of("sounder_icmp_echoes_total"), answered + lost);
        assert.equal(of("sounder_icmp_lost_total"), lost);
        assert.equal(of("sounder_icmp_rtt_seconds_count"), answered);
      }
    }),
    { numRuns: 30 },
  );
});

test("gauges of the last answers show what is known", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  const snapshot = emptySnapshot(1);
  tally(snapshot, 1, { answered: 3, lost: 1 });
  snapshot.lastRttSeconds[1] = 0.00042;
  snapshot.replyHopLimit[1] = 57;
  const { families } = await scrape(report, snapshot);
  assert.equal(sampleValue(families, "sounder_target_up"), 1);
  assert.equal(
    sampleValue(families, "sounder_target_last_finished_timestamp_seconds"),
    FINISHED_AT_SECONDS,
  );
  assert.equal(sampleValue(families, "sounder_icmp_last_rtt_seconds"), 0.00042);
  assert.equal(sampleValue(families, "sounder_icmp_reply_hop_limit"), 57);
  assert.equal(sampleValue(families, "sounder_icmp_loss_ratio"), 0.25);
  assert.equal(sampleValue(families, "sounder_icmp_jitter_seconds"), undefined);
});

test("lost echoes are explained only by reasons that came", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  const snapshot = emptySnapshot(1);
  snapshot.lostByReason[LOSS_REASONS.length + LOSS_REASONS.indexOf("ttl_exceeded")] = 2;
  const { families } = await scrape(report, snapshot);
  const [only, ...others] = samplesOf(families, "sounder_icmp_lost_by_reason_total");
  assert.equal(only?.labels["reason"], "ttl_exceeded");
  assert.equal(only?.value, 2);
  assert.deepEqual(others, []);
});

test("a target whose name does not resolve is down, and its last answer is no longer shown", async () => {
  const report = newReport();
  const target = report.addTarget({ ...icmp, target: "gone.example" }, 1);
  const snapshot = emptySnapshot(1);
  snapshot.up[1] = 1;
  snapshot.lastRttSeconds[1] = 0.001;
  report.setUnresolved(target, true);
  report.countResolveFailure(target);
  const gone = await scrape(report, snapshot);
  assert.equal(sampleValue(gone.families, "sounder_target_up"), 0);
  assert.equal(sampleValue(gone.families, "sounder_icmp_last_rtt_seconds"), undefined);
  assert.equal(sampleValue(gone.families, "sounder_target_resolve_failures_total"), 1);

  report.setUnresolved(target, false);
  const back = await scrape(report, snapshot);
  assert.equal(sampleValue(back.families, "sounder_target_up"), 1);
  assert.equal(sampleValue(back.families, "sounder_icmp_last_rtt_seconds"), 0.001);
});

const v4 = { text: "192.0.2.1", family: "ipv4" } as const;
const v6 = { text: "2001:db8::1", family: "ipv6" } as const;
const addressCases = [
  { name: "the first address", addresses: [v4], changes: 0, info: "192.0.2.1" },
  { name: "another address", addresses: [v4, v6], changes: 1, info: "2001:db8::1" },
  { name: "the same again", addresses: [v4, v4], changes: 0, info: "192.0.2.1" },
  { name: "none after one", addresses: [v4, undefined], changes: 0, info: undefined },
  { name: "the same after none", addresses: [v4, undefined, v4], changes: 0, info: "192.0.2.1" },
  { name: "another after none", addresses: [v4, undefined, v6], changes: 1, info: "2001:db8::1" },
] as const;

for (const { name, addresses, changes, info } of addressCases) {
  test(`setAddress() of ${name} counts ${changes} changes`, async () => {
    const report = newReport();
    const target = report.addTarget(icmp, 1);
    for (const address of addresses) report.setAddress(target, address);
    const { families } = await scrape(report, emptySnapshot(1));
    assert.equal(sampleValue(families, "sounder_target_address_changes_total"), changes);
    const [sample] = samplesOf(families, "sounder_target_info");
    assert.equal(sample?.labels["address"], info);
  });
}

test("with resolve: all every series carries the address, and info names it once", async () => {
  const report = newReport();
  for (const [index, address] of [v4, v6].entries()) {
    const description = { ...icmp, target: "www.example.net", address: address.text };
    report.setAddress(report.addTarget(description, index + 1), address);
  }
  const { families } = await scrape(report, emptySnapshot(2));
  const own = { target: "www.example.net", module: "icmp", group: "core" };
  assert.deepEqual(
    samplesOf(families, "sounder_target_info").map((sample) => sample.labels),
    [
      { ...own, address: "192.0.2.1", family: "ipv4" },
      { ...own, address: "2001:db8::1", family: "ipv6" },
    ],
  );
  assert.equal(sampleValue(families, "sounder_icmp_lost_total", { address: "2001:db8::1" }), 0);
});

test("record() of a success shows its facts and counts in every phase it reached", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  report.record(target, succeeded);
  const { families } = await scrape(report);
  const of = (name: string, labels = {}): number | undefined => sampleValue(families, name, labels);
  assert.equal(of("sounder_target_up"), 1);
  assert.equal(of("sounder_target_last_finished_timestamp_seconds"), FINISHED_AT_SECONDS);
  assert.equal(of("sounder_target_info", { address: "192.0.2.7", family: "ipv4" }), 1);
  assert.equal(of("sounder_http_status_code"), 200);
  assert.equal(of("sounder_http_version"), 1.1);
  assert.equal(of("sounder_http_content_length_bytes"), 1256);
  assert.equal(of("sounder_http_redirects"), 1);
  assert.equal(of("sounder_tls_earliest_certificate_not_after_timestamp_seconds"), 1_800_000_000);
  assert.equal(of("sounder_tls_verified_chain_not_after_timestamp_seconds"), 1_800_000_000);
  const tls = { version: tlsFacts.version, cipher: tlsFacts.cipher };
  assert.equal(of("sounder_tls_info", tls), 1);
  assert.equal(of("sounder_probes_total"), 1);
  assert.equal(of("sounder_probe_failures_total"), 0);
  assert.equal(of("sounder_probe_duration_seconds_sum"), 0.062);
  assert.equal(of("sounder_probe_duration_seconds_bucket", { le: "0.032" }), 0);
  assert.equal(of("sounder_probe_duration_seconds_bucket", { le: "0.064" }), 1);
  for (const [phase, seconds] of Object.entries(httpFacts.phases)) {
    assert.equal(of("sounder_http_duration_seconds_sum", { phase }), seconds);
    assert.equal(of("sounder_http_duration_seconds_count", { phase }), 1);
  }
});

test("record() of a failure counts it by reason, and only in the phases it reached", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  report.record(target, succeeded);
  const facts = unanswered({ connect: 5 });
  report.record(target, failed("connect_timeout", { durationSeconds: 5, facts }));
  report.record(target, failed("connect_timeout", { durationSeconds: 5, facts }));
  report.record(target, failed("connect_refused", { durationSeconds: 0.001 }));
  const { families } = await scrape(report);
  const of = (name: string, labels = {}): number | undefined => sampleValue(families, name, labels);
  assert.equal(of("sounder_target_up"), 0);
  assert.equal(of("sounder_http_status_code"), 0);
  for (const name of ["version", "content_length_bytes", "redirects"]) {
    assert.equal(of(`sounder_http_${name}`), undefined, name);
  }
  assert.equal(of("sounder_tls_info"), undefined);
  assert.equal(of("sounder_probes_total"), 4);
  assert.equal(of("sounder_probe_failures_total"), 3);
  const byReason = samplesOf(families, "sounder_probe_failures_by_reason_total");
  assert.deepEqual(
    new Map(byReason.map((sample) => [sample.labels["reason"], sample.value])),
    new Map([
      ["connect_timeout", 2],
      ["connect_refused", 1],
    ]),
  );
  assert.equal(of("sounder_http_duration_seconds_count", { phase: "connect" }), 3);
  assert.equal(of("sounder_http_duration_seconds_count", { phase: "tls" }), 1);
  assert.equal(of("sounder_probe_duration_seconds_count"), 4);
});

test("record() shows the certificate of a chain that was not verified, and no verified chain", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  const tls = { ...tlsFacts, verifiedNotAfterSeconds: undefined };
  report.record(target, failed("tls_untrusted", { facts: { ...unanswered({}), tls } }));
  const { families } = await scrape(report);
  const prefix = "sounder_tls_";
  const earliest = `${prefix}earliest_certificate_not_after_timestamp_seconds`;
  assert.equal(sampleValue(families, earliest), 1_800_000_000);
  assert.equal(families.has(`${prefix}verified_chain_not_after_timestamp_seconds`), false);
});

test("a target's own labels version and cipher give way on sounder_tls_info alone", async () => {
  const report = newReport();
  const labels = { cipher: "rot13", role: "web", version: "2" };
  const target = report.addTarget({ ...http, labels }, undefined);
  report.record(target, succeeded);
  const { families } = await scrape(report);
  const [info] = samplesOf(families, "sounder_tls_info");
  assert.equal(info?.labels["version"], tlsFacts.version);
  assert.equal(info.labels["cipher"], tlsFacts.cipher);
  assert.equal(info.labels["role"], "web");
  assert.equal(sampleValue(families, "sounder_probes_total", labels), 1);

  report.removeTarget(target);
  report.record(report.addTarget(http, undefined), succeeded);
  const next = samplesOf((await scrape(report)).families, "sounder_tls_info");
  assert.deepEqual(
    next.map((sample) => sample.labels["team"]),
    ["web"],
  );
});

test("record() leaves out a content length that was not announced", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  report.record(target, { ...succeeded, facts: { ...httpFacts, contentLengthBytes: -1 } });
  const { families } = await scrape(report);
  assert.equal(families.has("sounder_http_content_length_bytes"), false);
});

test("record() keeps a disturbed probe out of the histograms, and counts it otherwise", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  report.record(target, { ...succeeded, isDisturbed: true });
  const { families } = await scrape(report);
  assert.equal(sampleValue(families, "sounder_probes_total"), 1);
  assert.equal(sampleValue(families, "sounder_target_up"), 1);
  assert.equal(sampleValue(families, "sounder_probe_duration_seconds_count"), 0);
  for (const { value } of samplesOf(families, "sounder_http_duration_seconds_count")) {
    assert.equal(value, 0);
  }
});

const resolveCases = [
  { name: "a target's own name", address: undefined, want: 1 },
  { name: "a name in a redirect", address: succeeded.address, want: 0 },
] as const;

for (const { name, address, want } of resolveCases) {
  test(`record() of a look-up that failed for ${name} counts ${want} resolve failures`, async () => {
    const report = newReport();
    const target = report.addTarget(http, undefined);
    report.record(target, failed("dns_nxdomain", { address }));
    const { families } = await scrape(report);
    assert.equal(sampleValue(families, "sounder_target_resolve_failures_total"), want);
    assert.equal(sampleValue(families, "sounder_target_up"), 0);
  });
}

for (const reason of ["agent_overloaded", "cancelled"] as const) {
  test(`record() does not blame a target for ${reason}`, async () => {
    const report = newReport();
    const target = report.addTarget(http, undefined);
    report.record(target, succeeded);
    report.record(target, failed(reason));
    const { families } = await scrape(report);
    assert.equal(sampleValue(families, "sounder_probes_total"), 1);
    assert.equal(sampleValue(families, "sounder_target_up"), 1);
  });
}

test("record() refuses an icmp outcome, whose results are the engine's", () => {
  const report = newReport();
  const target = report.addTarget(icmp, 1);
  assert.throws(() => report.record(target, { ...succeeded, facts: icmpFacts }), /icmp/);
});

test("a removed target's series vanish, and what still comes in for it reaches nobody", async () => {
  const report = newReport();
  const old = report.addTarget(http, undefined);
  report.record(old, failed("http_status"));
  report.removeTarget(old);
  report.removeTarget(old);
  assert.equal((await scrape(report)).text, "");

  const other = report.addTarget({ ...http, target: "https://other.example.net/" }, undefined);
  assert.notEqual(other, old);
  report.record(old, failed("http_status"));
  report.setAddress(old, v6);
  report.countResolveFailure(old);
  report.setUnresolved(old, true);
  const { families } = await scrape(report);
  assert.equal(sampleValue(families, "sounder_probes_total"), 0);
  assert.equal(sampleValue(families, "sounder_target_resolve_failures_total"), 0);
  assert.equal(families.has("sounder_target_up"), false);
  assert.equal(families.has("sounder_target_info"), false);
  assert.equal(families.has("sounder_probe_failures_by_reason_total"), false);
});

test("a stream number used again between the snapshot's order and its coming lends nothing", async () => {
  const report = newReport();
  const old = report.addTarget({ ...icmp, target: "old.example" }, 1);
  const { families } = await scrape(report, async () => {
    report.removeTarget(old);
    report.addTarget({ ...icmp, target: "new.example" }, 1);
    const snapshot = emptySnapshot(1);
    tally(snapshot, 1, { answered: 1000, lost: 7 });
    return snapshot;
  });
  assert.deepEqual([...families.keys()], []);
});

test("targets removed and added while a scrape is written change nothing in it", async () => {
  const report = new ContinuousReport({
    clock: fakeClock(),
    nextTurn: () => Promise.resolve(),
  });
  const handles: number[] = [];
  const snapshot = emptySnapshot(500);
  for (let stream = 1; stream <= 500; stream += 1) {
    handles.push(report.addTarget({ ...icmp, target: `old-${stream}.example` }, stream));
    tally(snapshot, stream, { answered: stream, lost: 1 });
  }
  let chunks = 0;
  const sink = textSink();
  const write = (chunk: string): Promise<void> => {
    void sink.write(chunk);
    chunks += 1;
    const handle = handles.pop();
    if (handle !== undefined) {
      report.removeTarget(handle);
      report.addTarget({ ...icmp, target: `new-${chunks}.example` }, handles.length + 1);
      // The engine uses its arrays again as soon as another scrape asks for a snapshot.
      snapshot.echoes.fill(0);
    }
    return Promise.resolve();
  };
  await report.write({ write }, { snapshot: () => Promise.resolve(snapshot) }, never);
  const families = parseExposition(sink.text());
  assert.ok(chunks > 10, `${chunks} chunks`);
  for (let stream = 1; stream <= 500; stream += 1) {
    const labels = { target: `old-${stream}.example` };
    assert.equal(sampleValue(families, "sounder_icmp_echoes_total", labels), stream + 1);
    assert.equal(sampleValue(families, "sounder_icmp_suspect_echoes_total", labels), 0);
  }
  assert.equal(samplesOf(families, "sounder_icmp_echoes_total").length, 500);

  const after = await scrape(report, emptySnapshot(500));
  const names = samplesOf(after.families, "sounder_icmp_echoes_total").map(
    (sample) => sample.labels["target"] ?? "",
  );
  assert.equal(names.length, 500);
  assert.equal(names.filter((name) => name.startsWith("new-")).length, chunks);
});

test("two scrapes at one time are both right, though the engine has one set of arrays", async () => {
  const report = new ContinuousReport({ clock: fakeClock(), nextTurn: () => Promise.resolve() });
  const snapshot = emptySnapshot(400);
  for (let stream = 1; stream <= 400; stream += 1) {
    report.addTarget({ ...icmp, target: `${stream}.example` }, stream);
  }
  const take = (answered: number) => async () => {
    for (let stream = 1; stream <= 400; stream += 1) tally(snapshot, stream, { answered, lost: 0 });
    return snapshot;
  };
  const sinks = [textSink(), textSink()] as const;
  const slow = (sink: ReturnType<typeof textSink>) => ({
    write: async (chunk: string): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      await sink.write(chunk);
    },
  });
  await Promise.all([
    report.write(slow(sinks[0]), { snapshot: take(5) }, never),
    report.write(slow(sinks[1]), { snapshot: take(9) }, never),
  ]);
  for (const [index, want] of [5, 9].entries()) {
    const families = parseExposition(sinks[index]?.text() ?? "");
    for (const name of ["sounder_icmp_echoes_total", "sounder_icmp_rtt_seconds_count"]) {
      const values = new Set(samplesOf(families, name).map((sample) => sample.value));
      assert.deepEqual(values, new Set([want]), name);
    }
  }
});

test("the next snapshot is asked for only when the copy of the one before is whole, turns in between", async () => {
  const clock = fakeClock();
  let turns = 0;
  const report = new ContinuousReport({
    // Every look at the clock says that the step has been long.
    clock: {
      ...clock,
      monotonicSeconds: () => {
        clock.advanceSeconds(0.002);
        return clock.monotonicSeconds();
      },
    },
    nextTurn: async () => {
      turns += 1;
      await new Promise((resolve) => setImmediate(resolve));
    },
  });
  report.addTarget(icmp, 1);
  const snapshot = emptySnapshot(1);
  const turnsAtAsking: number[] = [];
  const take = (answered: number) => async () => {
    turnsAtAsking.push(turns);
    tally(snapshot, 1, { answered, lost: 0 });
    return snapshot;
  };
  const sinks = [textSink(), textSink()] as const;
  await Promise.all([
    report.write(sinks[0], { snapshot: take(5) }, never),
    report.write(sinks[1], { snapshot: take(9) }, never),
  ]);
  const [first = 0, second = 0] = turnsAtAsking;
  assert.ok(second - first >= 2, `${turnsAtAsking.join()}`);
  for (const [index, want] of [5, 9].entries()) {
    const families = parseExposition(sinks[index]?.text() ?? "");
    assert.equal(sampleValue(families, "sounder_icmp_echoes_total"), want);
    assert.equal(sampleValue(families, "sounder_icmp_rtt_seconds_count"), want);
  }
});

test("more scrapes at one time than the limit are refused, and room comes back", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  let open = (): void => {};
  const gate = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined);
  });
  const writes = Array.from({ length: 16 }, () =>
    report.write(textSink(), { snapshot: () => gate }, new AbortController().signal),
  );
  await assert.rejects(scrape(report), TooManyScrapesError);
  open();
  await Promise.all(writes);
  await scrape(report);
});

test("a scrape whose reader leaves ends with the reason, and the report goes on", async () => {
  const report = newReport();
  const snapshot = emptySnapshot(300);
  for (let stream = 1; stream <= 300; stream += 1) {
    report.addTarget({ ...icmp, target: `${stream}.example` }, stream);
  }
  const controller = new AbortController();
  const sink = { write: () => controller.abort(new Error("gone")) };
  const take = { snapshot: () => Promise.resolve(snapshot) };
  await assert.rejects(report.write(sink, take, controller.signal), /gone/);
  assert.ok((await scrape(report, snapshot)).figures.samples > 300);
});

test("a scrape that waits for an engine which does not answer ends when its reader leaves", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  const controller = new AbortController();
  const silent = { snapshot: () => new Promise<undefined>(() => {}) };
  const writes = [1, 2].map(() => report.write(textSink(), silent, controller.signal));
  controller.abort(new Error("gone"));
  for (const write of writes) await assert.rejects(write, /gone/);
});

test("a scrape goes on after one whose snapshot failed", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  await assert.rejects(
    scrape(report, () => Promise.reject(new Error("no engine"))),
    /no engine/,
  );
  assert.ok((await scrape(report, emptySnapshot(1))).figures.samples > 0);
});

test("without a snapshot targets with a stream have no icmp series rather than a false reset", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  report.addTarget({ ...icmp, target: "no-engine.example" }, undefined);
  const { families } = await scrape(report, undefined);
  const [only, ...others] = samplesOf(families, "sounder_icmp_echoes_total");
  assert.equal(only?.labels["target"], "no-engine.example");
  assert.equal(only?.value, 0);
  assert.deepEqual(others, []);
});

test("write() tells the series of each group, and they add up to the samples", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  report.addTarget(http, undefined);
  const { figures, families } = await scrape(report, emptySnapshot(1));
  const { samples, seriesByGroup } = figures;
  const all = [...families.values()].flatMap((family) => family.samples);
  assert.equal(all.length, samples);
  for (const group of ["core", "web"]) {
    const inGroup = all.filter((sample) => sample.labels["group"] === group);
    assert.equal(seriesByGroup.get(group), inGroup.length, group);
  }
});
