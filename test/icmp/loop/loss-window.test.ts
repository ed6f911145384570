import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LossWindow } from "../../../src/icmp/loop/loss-window.ts";

function windowOf(seconds: number): LossWindow {
  const window = new LossWindow();
  window.reserve(4);
  window.reset(1, seconds);
  window.reset(2, seconds);
  return window;
}

test("ratio() is unknown while nothing finished", () => {
  assert.equal(windowOf(60).ratio(1, 1000), Number.NaN);
});

test("ratio() is lost over finished", () => {
  const window = windowOf(60);
  window.add(1, 1000, true);
  window.add(1, 1001, false);
  window.add(1, 1002, false);
  window.add(1, 1003, false);
  assert.equal(window.ratio(1, 1003), 0.25);
});

test("streams do not touch one another", () => {
  const window = windowOf(60);
  window.add(1, 1000, true);
  window.add(2, 1000, false);
  assert.equal(window.ratio(1, 1000), 1);
  assert.equal(window.ratio(2, 1000), 0);
});

test("an echo leaves the window between 11/12 of it and the whole", () => {
  for (const start of [1000, 1002.5, 1004.999]) {
    const window = windowOf(60);
    window.add(1, start, true);
    assert.equal(window.ratio(1, start + 54.99), 1);
    assert.equal(window.ratio(1, start + 60), Number.NaN);
  }
});

test("after a pause of any length nothing old is left", () => {
  for (const pause of [60, 61, 119, 120, 600, 1e6]) {
    const window = windowOf(60);
    for (let second = 0; second < 60; second += 1) window.add(1, 1000 + second, true);
    window.add(1, 1059 + pause, false);
    assert.equal(window.ratio(1, 1059 + pause), 0);
  }
});

test("retune() keeps the window when its length stays, and empties it when it changes", () => {
  const window = windowOf(60);
  window.add(1, 1000, true);
  window.retune(1, 60);
  assert.equal(window.ratio(1, 1000), 1);
  window.retune(1, 120);
  assert.equal(window.ratio(1, 1000), Number.NaN);
  window.add(1, 1000, false);
  assert.equal(window.ratio(1, 1100), 0);
});

test("reserve() keeps what is counted", () => {
  const window = windowOf(60);
  window.add(1, 1000, true);
  window.reserve(1000);
  window.reset(999, 60);
  assert.equal(window.ratio(1, 1000), 1);
  assert.equal(window.ratio(999, 1000), Number.NaN);
});

test("the ratio lies between that of the last 11/12 and that of the whole window", () => {
  const echo = fc.record({
    afterSeconds: fc.oneof(
      fc.double({ min: 0, max: 2, noNaN: true }),
      fc.double({ min: 0, max: 90, noNaN: true }),
    ),
    isLost: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(echo, { maxLength: 100 }),
      fc.constantFrom(1, 60, 3600),
      (echoes, length) => {
        const window = windowOf(length);
        const finished: { readonly at: number; readonly isLost: boolean }[] = [];
        let now = 1000;
        for (const { afterSeconds, isLost } of echoes) {
          now += afterSeconds;
          window.add(1, now, isLost);
          finished.push({ at: now, isLost });
          const ratio = window.ratio(1, now);
          // What is counted is everything since some moment within the oldest twelfth.
          const moments = [now - length, ...finished.map(({ at }) => at)].filter(
            (at) => at >= now - length && at <= now - (length * 11) / 12 + 1e-9,
          );
          const since = [...moments, now - (length * 11) / 12].map((from) => {
            const counted = finished.filter(
              ({ at }) => at > from || (at === from && from !== now - length),
            );
            return counted.filter((one) => one.isLost).length / counted.length;
          });
          assert.ok(
            since.some((want) => Object.is(want, ratio) || Math.abs(want - ratio) < 1e-12),
            `${ratio} is none of ${since.join(", ")}`,
          );
        }
      },
    ),
    { numRuns: 100 },
  );
});
