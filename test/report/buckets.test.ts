import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TallySnapshot } from "../../src/icmp/engine-contract.ts";
import { RTT_BOUNDS_SECONDS } from "../../src/metrics/histogram.ts";
import { numberText } from "../../src/metrics/number-text.ts";
import { BucketTexts } from "../../src/report/bucket-texts.ts";
import { ContinuousReport } from "../../src/report/continuous.ts";
import type { TargetDescription } from "../../src/report/target-rows.ts";
import { samplesOf, sampleValue } from "../support/exposition.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { emptySnapshot, scrape } from "./fixtures.ts";

const icmp: TargetDescription = {
  group: "core",
  module: "icmp",
  target: "192.0.2.1",
  labels: {},
  prober: "icmp",
};
const newReport = (): ContinuousReport => new ContinuousReport({ clock: fakeClock() });

/** Enters one answer in each of the first buckets, and echoes to match. */
function fill(snapshot: TallySnapshot, stream: number, counts: readonly number[]): void {
  const at = stream * snapshot.rttBucketCount;
  snapshot.rttBuckets.set(counts, at);
  snapshot.echoes[stream] = counts.reduce((sum, count) => sum + count, 0);
}

async function buckets(
  report: ContinuousReport,
  snapshot: TallySnapshot | undefined,
  target: string,
): Promise<readonly (readonly [le: string | undefined, count: number])[]> {
  const { families } = await scrape(report, snapshot);
  return samplesOf(families, "sounder_icmp_rtt_seconds_bucket")
    .filter(({ labels }) => labels["target"] === target)
    .map(({ labels, value }) => [labels["le"], value]);
}

test("a target of a group with buckets has those, and its neighbours the common ones", async () => {
  const report = newReport();
  report.addTarget({ ...icmp, target: "a" }, 1);
  report.addTarget({ ...icmp, target: "b", bucketBoundsSeconds: [0.001, 0.25] }, 2);
  report.addTarget({ ...icmp, target: "c" }, 3);
  const snapshot = emptySnapshot(3);
  fill(snapshot, 1, [1, 1]);
  fill(snapshot, 2, [4, 2, 1]);
  fill(snapshot, 3, [7]);
  assert.deepEqual(await buckets(report, snapshot, "b"), [
    ["0.001", 4],
    ["0.25", 6],
    ["+Inf", 7],
  ]);
  const common = [...RTT_BOUNDS_SECONDS.map(numberText), "+Inf"];
  for (const [target, count] of [
    ["a", 2],
    ["c", 7],
  ] as const) {
    const of = await buckets(report, snapshot, target);
    assert.deepEqual(
      of.map(([le]) => le),
      common,
    );
    assert.equal(of.at(-1)?.[1], count);
  }
});

test("every histogram is right whatever bounds its neighbours have", async () => {
  const bounds = fc
    .uniqueArray(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 40 })
    .map((all) => all.toSorted((a, b) => a - b).map((milliseconds) => milliseconds / 1000));
  const stream = fc.record({
    bounds: fc.option(bounds, { nil: undefined }),
    counts: fc.array(fc.nat(1000), { minLength: 41, maxLength: 41 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(stream, { minLength: 1, maxLength: 8 }), async (streams) => {
      const report = newReport();
      const snapshot = emptySnapshot(streams.length, 41);
      const wanted = streams.map(({ bounds: own, counts }, index) => {
        const target = `t${index}`;
        const of = own === undefined ? {} : { bucketBoundsSeconds: own };
        report.addTarget({ ...icmp, target, ...of }, index + 1);
        const upper = own ?? RTT_BOUNDS_SECONDS;
        const used = counts.slice(0, upper.length + 1);
        fill(snapshot, index + 1, used);
        let sum = 0;
        const cumulative = used.map((count, at) => {
          sum += count;
          return [numberText(upper[at] ?? Number.POSITIVE_INFINITY), sum];
        });
        return { target, cumulative };
      });
      for (const { target, cumulative } of wanted) {
        assert.deepEqual(await buckets(report, snapshot, target), cumulative);
      }
      const { families } = await scrape(report, snapshot);
      for (const [index, { target }] of wanted.entries()) {
        const count = sampleValue(families, "sounder_icmp_rtt_seconds_count", { target });
        assert.equal(count, snapshot.echoes[index + 1]);
      }
    }),
    { numRuns: 30 },
  );
});

for (const { name, stream } of [
  { name: "without a stream", stream: undefined },
  { name: "whose stream lies beyond the end of the tallies", stream: 900 },
]) {
  test(`a target ${name} has its own buckets, all at 0, whatever others counted`, async () => {
    const report = newReport();
    const own = Array.from({ length: 60 }, (_, at) => (at + 1) / 10);
    report.addTarget({ ...icmp, target: "a" }, 1);
    report.addTarget({ ...icmp, target: "b", bucketBoundsSeconds: own }, stream);
    const snapshot = emptySnapshot(3);
    snapshot.rttBuckets.fill(9);
    const of = await buckets(report, snapshot, "b");
    assert.equal(of.length, 61);
    assert.ok(of.every(([, count]) => count === 0));
  });
}

test("the texts of a list of bounds are made once for all targets", () => {
  const texts = new BucketTexts();
  const one = texts.numberOf([0.001, 0.25]);
  assert.equal(texts.numberOf([0.001, 0.25]), one);
  assert.notEqual(texts.numberOf([0.001, 0.2]), one);
  assert.equal(texts.numberOf(undefined), texts.numberOf([...RTT_BOUNDS_SECONDS]));
  assert.equal(texts.of(one), texts.of(texts.numberOf([0.001, 0.25])));
  assert.deepEqual(texts.of(one), ['le="0.001"', 'le="0.25"', 'le="+Inf"']);
});
