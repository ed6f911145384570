import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { familyText, headText, histogramText, leTexts } from "../../src/metrics/exposition.ts";
import { bucketIndex, RTT_BOUNDS_SECONDS } from "../../src/metrics/histogram.ts";
import { parseExposition, samplesOf, sampleValue } from "../support/exposition.ts";

const HEAD = { name: "h_seconds", type: "histogram", help: "H." } as const;
const BOUNDS = [0.00005, 0.5, 2];

test("leTexts() of bounds ends with +Inf", () => {
  assert.deepEqual(leTexts(BOUNDS), ['le="5e-05"', 'le="0.5"', 'le="2"', 'le="+Inf"']);
});

const labelSets = [
  { name: "without labels", labels: "", want: {} },
  { name: "with labels", labels: 'a="b"', want: { a: "b" } },
] as const;

for (const { name, labels, want } of labelSets) {
  test(`histogramText() ${name} adds buckets up from its offset`, () => {
    const buckets = Float64Array.from([9, 1, 0, 2, 4, 9]);
    const text = histogramText("h_seconds", labels, leTexts(BOUNDS), {
      buckets,
      offset: 1,
      sum: 9.5,
    });
    const families = parseExposition(headText(HEAD) + text);
    assert.deepEqual(
      samplesOf(families, "h_seconds_bucket").map((sample) => sample.value),
      [1, 1, 3, 7],
    );
    assert.equal(sampleValue(families, "h_seconds_sum", want), 9.5);
    assert.equal(sampleValue(families, "h_seconds_count", want), 7);
  });
}

test("a histogram of any observations is one a strict parser takes, and counts them all", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 10, noNaN: true })), (values) => {
      const buckets = new Float64Array(RTT_BOUNDS_SECONDS.length + 1);
      for (const value of values) {
        const at = bucketIndex(RTT_BOUNDS_SECONDS, value);
        buckets[at] = (buckets[at] ?? 0) + 1;
      }
      const sum = values.reduce((total, value) => total + value, 0);
      const text = histogramText("h_seconds", "", leTexts(RTT_BOUNDS_SECONDS), {
        buckets,
        offset: 0,
        sum,
      });
      const families = parseExposition(headText(HEAD) + text);
      assert.equal(sampleValue(families, "h_seconds_count"), values.length);
      for (const { labels, value } of samplesOf(families, "h_seconds_bucket")) {
        const bound = labels["le"] === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels["le"]);
        assert.equal(value, values.filter((observed) => observed <= bound).length);
      }
    }),
  );
});

test("familyText() of no samples is nothing", () => {
  assert.equal(familyText({ name: "a", type: "gauge", help: "A." }, []), "");
});
