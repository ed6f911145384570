import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { InFlight, MATCH } from "../../../src/icmp/loop/in-flight.ts";

const STREAM = 7;

function expired(table: InFlight, nowSeconds: number): number[] {
  const slots: number[] = [];
  table.expire(nowSeconds, (slot) => slots.push(slot));
  return slots;
}

/** What a plain record of an echo knows; the table must say the same of it. */
type Echo = {
  readonly cookie: number;
  readonly deadlineSeconds: number;
  end: "flying" | "answered" | "expired" | "refused";
  replies: number;
};

/** Whole 64ths of a second are exact in the 32-bit floats that the table keeps. */
const timeout = fc.oneof(
  fc.integer({ min: 1, max: 320 }).map((n) => n / 64),
  fc.integer({ min: 15 * 64, max: 50 * 64 }).map((n) => n / 64),
);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("take" as const), timeout }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("reply" as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("tooLate" as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("refuse" as const), pick: fc.nat() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      seconds: fc.oneof(
        fc.double({ min: 0, max: 0.05, noNaN: true }),
        fc.double({ min: 0, max: 8, noNaN: true }),
        fc.double({ min: 0, max: 60, noNaN: true }),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("reserve" as const),
      slots: fc.integer({ min: 1, max: 3 * 65_536 }),
    }),
  },
);

test("every echo ends exactly once, as a plain model says", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let now = 1000;
      const table = new InFlight(now);
      const model = new Map<number, Echo>();
      const pick = (index: number): [number, Echo] | undefined =>
        [...model.entries()][model.size === 0 ? 0 : index % model.size];
      const expire = (): void => {
        for (const slot of expired(table, now)) {
          const echo = model.get(slot);
          assert.equal(
            echo?.end,
            "flying",
            "an echo expires once, and only if nothing else ended it",
          );
          assert.ok(echo.deadlineSeconds <= now, "not before its deadline");
          echo.end = "expired";
        }
        for (const echo of model.values()) {
          if (echo.end !== "flying") continue;
          assert.ok(echo.deadlineSeconds > now - 0.005, "not much after its deadline");
        }
      };
      for (const [at, command] of steps.entries()) {
        if (command.kind === "take") {
          const slot = table.take(STREAM, at, now, command.timeout, 0);
          const before = model.get(slot);
          assert.ok(
            before === undefined || before.deadlineSeconds <= now,
            "a slot whose deadline has not passed is never taken",
          );
          model.set(slot, {
            cookie: at,
            deadlineSeconds: now + command.timeout,
            end: "flying",
            replies: 0,
          });
        } else if (command.kind === "reply" || command.kind === "tooLate") {
          const [slot, echo] = pick(command.pick) ?? [];
          if (slot === undefined || echo === undefined) continue;
          const isInTime = command.kind === "reply";
          const said = table.match(slot, isInTime);
          const isFirst = echo.replies === 0;
          if (echo.end === "refused") assert.equal(said, MATCH.foreign);
          else if (!isFirst) assert.equal(said, MATCH.duplicate);
          else if (echo.end === "expired" || !isInTime) assert.equal(said, MATCH.late);
          else {
            assert.equal(said, MATCH.answered);
            echo.end = "answered";
          }
          if (echo.end !== "refused") echo.replies += 1;
        } else if (command.kind === "refuse") {
          const [slot, echo] = pick(command.pick) ?? [];
          if (slot === undefined || echo === undefined || echo.replies > 0) continue;
          table.refuse(slot);
          if (echo.end === "flying") echo.end = "refused";
        } else if (command.kind === "pass") {
          now += command.seconds;
          expire();
        } else {
          table.reserve(command.slots);
        }
        for (const [slot, echo] of model) assert.equal(table.cookieOf(slot), echo.cookie);
        const flying = [...model.values()].filter(({ end }) => end === "flying").length;
        assert.equal(table.flying, flying);
      }
      now += 100;
      expire();
      assert.equal(table.flying, 0);
    }),
    { numRuns: 150 },
  );
});
