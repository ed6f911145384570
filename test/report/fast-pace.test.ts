import assert from "node:assert/strict";
import { test } from "node:test";
import { ContinuousReport, type ProbePace } from "../../src/report/continuous.ts";
import type { TargetDescription } from "../../src/report/target-rows.ts";
import { samplesOf, sampleValue } from "../support/exposition.ts";
import { fakeClock } from "../support/fake-clock.ts";
import {
  emptySnapshot,
  FINISHED_AT_SECONDS,
  failed,
  scrape,
  succeeded,
  tally,
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
  labels: {},
  prober: "http",
};
const newReport = (): ContinuousReport => new ContinuousReport({ clock: fakeClock() });

const grid: ProbePace = { isFast: false, isAtFastPace: true };
const extra: ProbePace = { isFast: true, isAtFastPace: true };

test("fast echoes have counters of their own, and change none of the others", async () => {
  const report = newReport();
  report.addTarget(icmp, 1);
  const snapshot = emptySnapshot(1);
  tally(snapshot, 1, { answered: 90, lost: 10 });
  const before = await scrape(report, snapshot);
  snapshot.fastEchoes[1] = 500;
  snapshot.fastLost[1] = 450;
  snapshot.fastProbing[1] = 1;
  const { families, text } = await scrape(report, snapshot);
  assert.equal(sampleValue(families, "sounder_icmp_fast_echoes_total"), 500);
  assert.equal(sampleValue(families, "sounder_icmp_fast_lost_total"), 450);
  assert.equal(sampleValue(families, "sounder_target_fast_probing"), 1);
  const others = (of: string): string => of.replace(/^.*fast.*\n/gm, "");
  assert.equal(others(text), others(before.text));
});

test("sounder_target_fast_probing of every kind of target", async () => {
  const report = newReport();
  const add = (target: string, stream?: number): number =>
    report.addTarget({ ...icmp, target }, stream);
  const snapshot = emptySnapshot(4).fastProbing;
  add("fast", 1);
  add("normal", 2);
  report.setUnresolved(add("unresolved", 3), true);
  report.setRefused(add("refused", 4), "no such interface");
  add("no engine");
  report.addTarget({ ...http, target: "new" }, undefined);
  report.record(
    report.addTarget({ ...http, target: "web" }, undefined),
    failed("http_status"),
    grid,
  );
  for (const stream of [1, 3, 4]) snapshot[stream] = 1;
  const paces = async (of: ReturnType<typeof emptySnapshot> | undefined): Promise<unknown> => {
    const { families } = await scrape(report, of);
    const samples = samplesOf(families, "sounder_target_fast_probing");
    return Object.fromEntries(samples.map(({ labels, value }) => [labels["target"], value]));
  };
  const known = { unresolved: 0, refused: 0, "no engine": 0, new: 0, web: 1 };
  assert.deepEqual(await paces({ ...emptySnapshot(4), fastProbing: snapshot }), {
    fast: 1,
    normal: 0,
    ...known,
  });
  // An engine that cannot be asked does not say at which pace it is.
  assert.deepEqual(await paces(undefined), known);
});

test("record() of an extra probe shows how the target is, and moves no counter and no histogram", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  report.record(target, succeeded);
  const counted = async (): Promise<readonly unknown[]> => {
    const { families } = await scrape(report);
    return [...families.values()].filter(({ type }) => type !== "gauge");
  };
  const before = await counted();
  const facts = unanswered({ resolve: 0.001, connect: 0.5 });
  const finishedAtSeconds = FINISHED_AT_SECONDS + 1;
  const outcome = failed("connect_timeout", { facts, finishedAtSeconds });
  report.record(target, outcome, extra);
  assert.deepEqual(await counted(), before);
  const { families } = await scrape(report);
  assert.equal(sampleValue(families, "sounder_target_up"), 0);
  assert.equal(
    sampleValue(families, "sounder_target_last_finished_timestamp_seconds"),
    finishedAtSeconds,
  );
  assert.equal(sampleValue(families, "sounder_http_status_code"), 0);
  assert.equal(families.has("sounder_tls_info"), false);
  report.record(target, failed("dns_timeout", { address: undefined }), extra);
  assert.deepEqual(await counted(), before);
  assert.equal(families.has("sounder_probe_failures_by_reason_total"), false);
});

test("a certificate is seen by an extra probe as by any other", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  report.record(target, succeeded, extra);
  const { families } = await scrape(report);
  assert.equal(sampleValue(families, "sounder_target_up"), 1);
  const name = "sounder_tls_earliest_certificate_not_after_timestamp_seconds";
  assert.equal(sampleValue(families, name), 1_800_000_000);
  assert.equal(sampleValue(families, "sounder_probes_total"), 0);
  assert.equal(sampleValue(families, "sounder_http_duration_seconds_count", { phase: "tls" }), 0);
});

test("the pace of a target is the last one told, by a probe that was broken off too", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  const pace = async (): Promise<number | undefined> =>
    sampleValue((await scrape(report)).families, "sounder_target_fast_probing");
  report.record(target, failed("http_status"), grid);
  assert.equal(await pace(), 1);
  report.record(target, failed("cancelled"), { isFast: true, isAtFastPace: false });
  assert.equal(await pace(), 0);
  report.record(target, failed("http_status"), grid);
  report.record(target, succeeded);
  assert.equal(await pace(), 0);
});

test("an address that only extra probes saw is shown, and is no counted change", async () => {
  const report = newReport();
  const target = report.addTarget(http, undefined);
  const at = (text: string) => ({ ...succeeded, address: { text, family: "ipv4" } as const });
  const shown = async (): Promise<readonly unknown[]> => {
    const { families } = await scrape(report);
    const [info] = samplesOf(families, "sounder_target_info");
    const changes = sampleValue(families, "sounder_target_address_changes_total");
    return [info?.labels["address"], changes];
  };
  report.record(target, at("192.0.2.7"));
  report.record(target, at("192.0.2.8"), extra);
  assert.deepEqual(await shown(), ["192.0.2.8", 0]);
  report.record(target, at("192.0.2.7"));
  assert.deepEqual(await shown(), ["192.0.2.7", 0]);
  report.record(target, at("192.0.2.8"), extra);
  report.record(target, at("192.0.2.8"));
  assert.deepEqual(await shown(), ["192.0.2.8", 1]);
});
