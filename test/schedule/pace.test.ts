import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type FastPaceSettings, Pace } from "../../src/schedule/pace.ts";

const settings: FastPaceSettings = { intervalSeconds: 6, untilLoss: 0.05, windowSeconds: 60 };

type End = {
  readonly at: number;
  readonly is: "ok" | "bad" | "fast ok" | "fast bad";
  readonly change: "begins" | "ends" | "stays";
};

/** Extra probes every 6 s from `first` to `last`, all ending alike. */
function extra(first: number, last: number, is: "fast ok" | "fast bad"): readonly End[] {
  const count = Math.floor((last - first) / 6) + 1;
  return Array.from({ length: count }, (_, n) => ({ at: first + 6 * n, is, change: "stays" }));
}

const histories: readonly { readonly name: string; readonly ends: readonly End[] }[] = [
  { name: "a probe that succeeds changes nothing", ends: [{ at: 0, is: "ok", change: "stays" }] },
  {
    name: "the fast pace begins with the first failed probe of the grid, at once",
    ends: [
      { at: 0, is: "ok", change: "stays" },
      { at: 60, is: "bad", change: "begins" },
      { at: 120, is: "bad", change: "stays" },
    ],
  },
  {
    name: "a single failure is looked at for one whole window",
    ends: [
      { at: 0, is: "bad", change: "begins" },
      ...extra(0, 54, "fast ok"),
      { at: 59.9, is: "fast ok", change: "stays" },
      { at: 60, is: "fast ok", change: "ends" },
      { at: 66, is: "fast ok", change: "stays" },
    ],
  },
  {
    name: "a probe of the grid may end it as well",
    ends: [
      { at: 0, is: "bad", change: "begins" },
      ...extra(0, 54, "fast ok"),
      { at: 60, is: "ok", change: "ends" },
    ],
  },
  {
    name: "a failed extra probe holds it until it has left the window",
    ends: [
      { at: 0, is: "bad", change: "begins" },
      ...extra(0, 24, "fast ok"),
      { at: 30, is: "fast bad", change: "stays" },
      ...extra(36, 84, "fast ok"),
      { at: 90, is: "fast ok", change: "ends" },
    ],
  },
  {
    name: "it begins anew with the next failed probe of the grid, though not with an extra one",
    ends: [
      { at: 0, is: "bad", change: "begins" },
      ...extra(0, 54, "fast ok"),
      { at: 60, is: "ok", change: "ends" },
      { at: 61, is: "fast bad", change: "stays" },
      { at: 120, is: "bad", change: "begins" },
    ],
  },
  {
    name: "a share at the limit is not below it",
    ends: [
      { at: 0, is: "bad", change: "begins" },
      // 1 of 20 within the window.
      ...Array.from(
        { length: 18 },
        (_, n): End => ({ at: 30 + n, is: "fast ok", change: "stays" }),
      ),
      { at: 62, is: "fast bad", change: "stays" },
      { at: 63, is: "fast ok", change: "stays" },
      { at: 64, is: "fast ok", change: "ends" },
    ],
  },
];

for (const { name, ends } of histories) {
  test(name, () => {
    const pace = new Pace(settings);
    let isFast = false;
    for (const { at, is, change } of ends) {
      const isGrid = !is.startsWith("fast");
      const said = pace.ended({ isGrid, isFailed: is.endsWith("bad"), atSeconds: at });
      assert.equal(said, change, `at ${at}`);
      isFast = change === "stays" ? isFast : change === "begins";
      assert.equal(pace.isFast, isFast);
    }
  });
}

const dues = [
  { name: "one interval after it began", now: 100, want: 106 },
  { name: "the next one, seen a little later", now: 106.5, want: 112 },
  { name: "the next one, seen at one", now: 112, want: 118 },
  { name: "the first of those to come after a stall", now: 1000, want: 1006 },
] as const;

for (const { name, now, want } of dues) {
  test(`nextDueSeconds() is ${name}`, () => {
    const pace = new Pace(settings);
    assert.equal(pace.nextDueSeconds(100), undefined);
    pace.ended({ isGrid: true, isFailed: true, atSeconds: 100 });
    assert.equal(pace.nextDueSeconds(now), want);
  });
}

test("nextDueSeconds() is later than now and no more than an interval away, at any time", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.double({ min: 0.01, max: 1e4, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (since, intervalSeconds, after) => {
        const pace = new Pace({ ...settings, intervalSeconds });
        pace.ended({ isGrid: true, isFailed: true, atSeconds: since });
        const now = since + after;
        const due = pace.nextDueSeconds(now) ?? 0;
        assert.ok(due > now);
        assert.ok(due <= now + intervalSeconds * (1 + 1e-6) + 1e-6);
      },
    ),
  );
});

test("by whatever history, the pace is fast from a failed grid probe until the rule lets it go", () => {
  const event = fc.record({
    afterSeconds: fc.double({ min: 0, max: 40, noNaN: true }),
    isGrid: fc.boolean(),
    isFailed: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 100 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (events, untilLoss) => {
        const pace = new Pace({ ...settings, untilLoss });
        const ends: { readonly at: number; readonly isFailed: boolean }[] = [];
        let now = 1000;
        let since: number | undefined;
        for (const { afterSeconds, isGrid, isFailed } of events) {
          now += afterSeconds;
          ends.push({ at: now, isFailed });
          const change = pace.ended({ isGrid, isFailed, atSeconds: now });
          // Parts of 5 s, as the window has twelve of them.
          const inside = ends.filter(({ at }) => Math.floor(at / 5) > Math.floor(now / 5) - 12);
          const share = inside.filter((end) => end.isFailed).length / inside.length;
          if (since === undefined) {
            assert.equal(change, isGrid && isFailed ? "begins" : "stays");
            if (change === "begins") since = now;
          } else {
            const isOver = now - since >= 60 && share < untilLoss;
            assert.equal(change, isOver ? "ends" : "stays");
            if (isOver) since = undefined;
          }
          assert.equal(pace.isFast, since !== undefined);
          assert.equal(pace.nextDueSeconds(now) === undefined, since === undefined);
        }
      },
    ),
  );
});
