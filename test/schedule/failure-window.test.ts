import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FailureWindow } from "../../src/schedule/failure-window.ts";

test("share() is NaN before anything finished, and again when all of it is long ago", () => {
  const window = new FailureWindow(60);
  assert.equal(window.share(1000), Number.NaN);
  window.add(true, 1000);
  assert.equal(window.share(1000), 1);
  assert.equal(window.share(1060), Number.NaN);
  assert.equal(window.share(5000), Number.NaN);
});

test("what failed leaves the window part by part", () => {
  const window = new FailureWindow(12);
  for (let second = 0; second < 6; second += 1) window.add(true, second);
  for (let second = 6; second < 12; second += 1) window.add(false, second);
  const shares = Array.from({ length: 8 }, (_, second) => window.share(11 + second));
  assert.deepEqual(shares, [6 / 12, 5 / 11, 4 / 10, 3 / 9, 2 / 8, 1 / 7, 0, 0]);
});

test("the share is that of the last 11/12 to 12/12 of the window, whatever came", () => {
  const event = fc.record({
    afterSeconds: fc.double({ min: 0, max: 30, noNaN: true }),
    isFailed: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 1, maxLength: 60 }),
      fc.double({ min: 0.1, max: 100, noNaN: true }),
      (events, windowSeconds) => {
        const window = new FailureWindow(windowSeconds);
        const all: { readonly atSeconds: number; readonly isFailed: boolean }[] = [];
        let nowSeconds = 1000;
        for (const { afterSeconds, isFailed } of events) {
          nowSeconds += afterSeconds;
          window.add(isFailed, nowSeconds);
          all.push({ atSeconds: nowSeconds, isFailed });
        }
        const part = windowSeconds / 12;
        const first = Math.floor(nowSeconds / part) - 11;
        const inside = all.filter(({ atSeconds }) => Math.floor(atSeconds / part) >= first);
        const failed = inside.filter(({ isFailed }) => isFailed);
        assert.equal(window.share(nowSeconds), failed.length / inside.length);
        for (const { atSeconds } of inside) {
          assert.ok(nowSeconds - atSeconds <= windowSeconds * (1 + 1e-9));
        }
      },
    ),
  );
});
