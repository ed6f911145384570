import assert from "node:assert/strict";
import { test } from "node:test";
import { clockText, linearScale, logScale, timeTicks } from "../../../grafana/pictures/scales.ts";
import { shown } from "../../../grafana/pictures/units.ts";

const NOW_SECONDS = 1_000_000;
const VALUES = [
  { unit: "s", value: 0.0123, want: "12.3 ms" },
  { unit: "s", value: 0.000_05, want: "50 µs" },
  { unit: "s", value: 90, want: "1.5 min" },
  { unit: "s", value: 0, want: "0 s" },
  { unit: "percentunit", value: 0.283, want: "28.3 %" },
  { unit: "bytes", value: 3 * 2 ** 20, want: "3 MiB" },
  { unit: "short", value: 1500, want: "1.5 K" },
  { unit: "pps", value: 114.14, want: "114.14 p/s" },
  { unit: "dtdurations", value: 2 * 86_400 + 3 * 3600 + 59, want: "2 d 3 h" },
  { unit: "dtdurations", value: -60, want: "-1 min" },
  { unit: "dateTimeFromNow", value: (NOW_SECONDS - 5) * 1000, want: "5 s ago" },
  { unit: "none", value: 14.4, want: "14.4" },
];

for (const { unit, value, want } of VALUES) {
  test(`shown() writes ${value} of ${unit} as ${want}`, () => {
    assert.equal(shown(value, unit, NOW_SECONDS), want);
  });
}

test("linearScale() puts the least at one end and the greatest at the other", () => {
  const { at, ticks } = linearScale([0, 10], [100, 0], 5);
  assert.deepEqual([at(0), at(5), at(10)], [100, 50, 0]);
  assert.deepEqual(ticks, [0, 2, 4, 6, 8, 10]);
});

test("linearScale() of one value alone still has a place for it", () => {
  assert.ok(Number.isFinite(linearScale([3, 3], [100, 0], 5).at(3)));
});

test("logScale() has a tick for each power of ten", () => {
  const { at, ticks } = logScale([0.002, 0.9], [300, 0]);
  assert.deepEqual(ticks, [0.001, 0.01, 0.1, 1]);
  assert.deepEqual(ticks.map(at), [300, 200, 100, 0]);
});

test("timeTicks() are whole, and few enough to be read", () => {
  assert.deepEqual(timeTicks([5, 70], 3), [30, 60]);
  assert.equal(clockText(30), "00:00:30");
});
