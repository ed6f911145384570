import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  bucketIndex,
  DURATION_BOUNDS_SECONDS,
  RTT_BOUNDS_SECONDS,
  RTT_BUCKET_COUNT,
} from "../../src/metrics/histogram.ts";

test("the bounds are those of the contract", () => {
  assert.equal(RTT_BOUNDS_SECONDS.length, 18);
  assert.equal(RTT_BOUNDS_SECONDS[0], 0.00005);
  assert.equal(RTT_BOUNDS_SECONDS[17], 6.5536);
  assert.equal(RTT_BUCKET_COUNT, 19);
  assert.equal(DURATION_BOUNDS_SECONDS.length, 15);
  assert.equal(DURATION_BOUNDS_SECONDS[0], 0.001);
  assert.equal(DURATION_BOUNDS_SECONDS[14], 16.384);
});

const cases = [
  { name: "a value below every bound", value: 0, want: 0 },
  { name: "a value on a bound, which is inclusive", value: 0.0001, want: 1 },
  { name: "a value just above a bound", value: 0.000100001, want: 2 },
  { name: "a value above every bound", value: 7, want: 18 },
] as const;

for (const { name, value, want } of cases) {
  test(`bucketIndex() of ${name}`, () => {
    assert.equal(bucketIndex(RTT_BOUNDS_SECONDS, value), want);
  });
}

test("bucketIndex() finds what a search from the front finds", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 20, noNaN: true }), (value) => {
      const found = DURATION_BOUNDS_SECONDS.findIndex((bound) => value <= bound);
      const want = found === -1 ? DURATION_BOUNDS_SECONDS.length : found;
      assert.equal(bucketIndex(DURATION_BOUNDS_SECONDS, value), want);
    }),
  );
});
