import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { numberText } from "../../src/metrics/number-text.ts";

const cases = [
  { name: "zero", value: 0, want: "0" },
  { name: "a whole number", value: 1_700_000_000, want: "1700000000" },
  { name: "a negative number", value: -62_135_596_800, want: "-62135596800" },
  { name: "a fraction", value: 0.0004, want: "0.0004" },
  { name: "the smallest bound, as client_golang prints it", value: 0.00005, want: "5e-05" },
  { name: "a fraction that needs two exponent digits", value: 1.5e-12, want: "1.5e-12" },
  { name: "a small negative fraction", value: -0.00005, want: "-5e-05" },
  { name: "infinity", value: Number.POSITIVE_INFINITY, want: "+Inf" },
  { name: "negative infinity", value: Number.NEGATIVE_INFINITY, want: "-Inf" },
  { name: "no number", value: Number.NaN, want: "NaN" },
] as const;

for (const { name, value, want } of cases) {
  test(`numberText() of ${name}`, () => {
    assert.equal(numberText(value), want);
  });
}

test("numberText() gives every double back exactly", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.equal(Number(numberText(value)), value === 0 ? 0 : value);
    }),
  );
});
