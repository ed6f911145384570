import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { firstDueSeconds, nextDue } from "../../src/schedule/interval.ts";

const firsts = [
  { name: "now, when it is due now", now: 10, interval: 5, phase: 0, want: 10 },
  { name: "later in this interval", now: 10.5, interval: 5, phase: 0.5, want: 12.5 },
  { name: "in the next interval", now: 13, interval: 5, phase: 0.5, want: 17.5 },
  {
    name: "before a whole interval has passed since 0",
    now: 0.1,
    interval: 60,
    phase: 0,
    want: 60,
  },
] as const;

for (const { name, now, interval, phase, want } of firsts) {
  test(`firstDueSeconds() is ${name}`, () => {
    assert.equal(firstDueSeconds(now, interval, phase), want);
  });
}

const nexts = [
  { name: "on time", due: 10, now: 10, want: { dueSeconds: 15, missedTicks: 0 } },
  {
    name: "late, within the interval",
    due: 10,
    now: 14.9,
    want: { dueSeconds: 15, missedTicks: 0 },
  },
  { name: "one interval late", due: 10, now: 15, want: { dueSeconds: 20, missedTicks: 1 } },
  { name: "after a long stall", due: 10, now: 112, want: { dueSeconds: 115, missedTicks: 20 } },
  { name: "early by a rounding", due: 10, now: 9.999, want: { dueSeconds: 15, missedTicks: 0 } },
] as const;

for (const { name, due, now, want } of nexts) {
  test(`nextDue() ${name} stays on the grid`, () => {
    assert.deepEqual(nextDue(due, 5, now), want);
  });
}

test("the first due time is never past and never a whole interval away", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.double({ min: 0.01, max: 1e5, noNaN: true }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (now, interval, phase) => {
        const due = firstDueSeconds(now, interval, phase);
        assert.ok(due >= now);
        assert.ok(due <= now + interval + 1e-6);
      },
    ),
  );
});
