import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Pace } from "../../src/batch/pace.ts";

test("the first echo may leave at once", () => {
  assert.equal(new Pace(10).nextSeconds, Number.NEGATIVE_INFINITY);
});

test("take() puts the next echo one gap later, less what a late timer may catch up", () => {
  const pace = new Pace(10);
  pace.take(5);
  assert.ok(Math.abs(pace.nextSeconds - 5.09) < 1e-9);
});

test("however often and late it is asked, no span of time holds more than the rate and one burst", () => {
  const rate = fc.integer({ min: 1, max: 10_000 });
  const pauses = fc.array(fc.double({ min: 0, max: 0.5, noNaN: true }), { maxLength: 30 });
  fc.assert(
    fc.property(rate, pauses, (echoesPerSecond, waits) => {
      const pace = new Pace(echoesPerSecond);
      const sentAt: number[] = [];
      let now = 0;
      for (const wait of waits) {
        now += wait;
        while (pace.nextSeconds <= now && sentAt.length < 3_000) {
          pace.take(now);
          sentAt.push(now);
        }
      }
      for (const [first, fromSeconds] of sentAt.entries()) {
        const last = sentAt.length - 1;
        const spanSeconds = (sentAt[last] ?? 0) - fromSeconds;
        const most = echoesPerSecond * (spanSeconds + 0.01) + 1;
        assert.ok(last - first + 1 <= most + 1e-6, `${last - first + 1} in ${spanSeconds} s`);
      }
    }),
    { numRuns: 50 },
  );
});
