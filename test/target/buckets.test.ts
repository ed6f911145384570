import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bucketsOptions, MAX_BUCKETS } from "../../src/target/buckets.ts";

function messageOf(written: unknown): string | undefined {
  const parsed = bucketsOptions.safeParse(written);
  return parsed.success ? undefined : parsed.error.issues.map(({ message }) => message).join("\n");
}

const bounds = [
  { name: "a number", written: 0.001, want: 0.001 },
  { name: "a number in quotes", written: "0.001", want: 0.001 },
  { name: "a number with an exponent", written: "5e-05", want: 0.00005 },
  { name: "a number without a leading zero", written: ".5", want: 0.5 },
  { name: "a duration", written: "1ms", want: 0.001 },
  { name: "a Go duration", written: "1.5ms", want: 0.0015 },
  { name: "a long duration", written: "1m30s", want: 90 },
] as const;

for (const { name, written, want } of bounds) {
  test(`bucketsOptions takes ${name}`, () => {
    assert.deepEqual(bucketsOptions.parse([written]), [want]);
  });
}

const wrong = [
  { name: "nothing", written: [], says: /1/ },
  { name: "one too many", written: Array.from({ length: MAX_BUCKETS + 1 }, (_, at) => at + 1) },
  { name: "0", written: [0], says: /more than 0/ },
  { name: "a negative number", written: [-1], says: /more than 0/ },
  { name: "an hour and a second", written: [3601], says: /at most 3600 .*write 0\.005 or 5ms/ },
  { name: "a number too large for a double", written: ["1e999"], says: /at most 3600/ },
  { name: "infinity", written: [1, Number.POSITIVE_INFINITY], says: /always there: remove it/ },
  { name: "+Inf", written: [1, "+Inf"], says: /always there: remove it/ },
  { name: "no number", written: [Number.NaN], says: /expected seconds/ },
  { name: "a unit that is none of ours", written: ["5us"], says: /"5us" is not a bound/ },
  { name: "an empty text", written: [""], says: /is not a bound/ },
  { name: "the same twice", written: [0.001, "1ms"], says: /rising order, each once/ },
  { name: "falling bounds", written: [2, 1], says: /before it \(2\), found 1/ },
  { name: "a mapping", written: [{}], says: /found a mapping/ },
];

for (const { name, written, says = /./ } of wrong) {
  test(`bucketsOptions refuses ${name}`, () => {
    assert.match(messageOf(written) ?? "", says);
  });
}

test("any rising bounds are taken as they are, however they are written", () => {
  const bound = fc.double({ min: 1e-9, max: 3600, noNaN: true });
  fc.assert(
    fc.property(fc.uniqueArray(bound, { minLength: 1, maxLength: MAX_BUCKETS }), (values) => {
      const rising = values.toSorted((a, b) => a - b);
      assert.deepEqual(bucketsOptions.parse(rising), rising);
      assert.deepEqual(bucketsOptions.parse(rising.map(String)), rising);
    }),
  );
});
