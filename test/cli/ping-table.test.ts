import assert from "node:assert/strict";
import { test } from "node:test";
import { millisecondsText, percentText } from "../../src/cli/ping-table.ts";

const times = [
  { name: "nothing", seconds: undefined, want: "-" },
  { name: "a nanosecond", seconds: 1e-9, want: "0.000" },
  { name: "microseconds", seconds: 0.000_017_2, want: "0.017" },
  { name: "just below 10 ms", seconds: 0.009_999, want: "9.999" },
  { name: "tens of milliseconds", seconds: 0.012_345, want: "12.35" },
  { name: "hundreds of milliseconds", seconds: 0.123_45, want: "123.5" },
  { name: "a minute", seconds: 60, want: "60000.0" },
];

for (const { name, seconds, want } of times) {
  test(`millisecondsText() of ${name} is ${want}`, () => {
    assert.equal(millisecondsText(seconds), want);
  });
}

const ratios = [
  { name: "nothing", ratio: undefined, want: "-" },
  { name: "no loss", ratio: 0, want: "0%" },
  { name: "one in a million", ratio: 1e-6, want: "0.1%" },
  { name: "a third", ratio: 1 / 3, want: "33.3%" },
  { name: "all but one in a million", ratio: 1 - 1e-6, want: "99.9%" },
  { name: "all", ratio: 1, want: "100%" },
];

for (const { name, ratio, want } of ratios) {
  test(`percentText() of ${name} is ${want}`, () => {
    assert.equal(percentText(ratio), want);
  });
}
