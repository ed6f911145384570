import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nextOnGridSeconds, Plan } from "../../../src/icmp/loop/plan.ts";

/** The wheel turns in 16.384 s. */
const WHEEL_SECONDS = 16.384;
/** Due times are rounded up to a millisecond. */
const ROUNDING_SECONDS = 0.001;

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      stream: fc.integer({ min: 1, max: 40 }),
      inSeconds: fc.oneof(
        fc.double({ min: -1, max: 0.05, noNaN: true }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.constantFrom(WHEEL_SECONDS, 2 * WHEEL_SECONDS),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("remove" as const),
      stream: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      seconds: fc.oneof(
        fc.double({ min: 0, max: 0.02, noNaN: true }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.double({ min: 0, max: 60, noNaN: true }),
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("wake" as const) }) },
);

test("what is due is handed over once and in time, as a plain list says", () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 120 }),
      fc.constantFrom(0.3, 1, 7.001, 17),
      (commands, intervalSeconds) => {
        let now = 500;
        const plan = new Plan(now);
        plan.reserve(64);
        const model = new Map<number, number>();
        const addedAt = new Map<number, number>();
        const advance = (): void => {
          plan.takeDue(now, {
            due: (stream, plannedSeconds) => {
              const due = model.get(stream);
              assert.notEqual(due, undefined, "only what is planned, and once");
              assert.equal(plan.dueSecondsOf(stream), due);
              assert.ok((due ?? 0) <= now + 1e-6, "not before its time");
              assert.ok(plannedSeconds - (due ?? 0) < 0.0111);
              // Every other stream goes on, as in the engine; the rest end.
              if (stream % 2 === 0) {
                const next = nextOnGridSeconds(due ?? 0, intervalSeconds, now);
                model.set(stream, next);
                plan.add(stream, next);
              } else {
                model.delete(stream);
              }
            },
          });
          for (const [stream, due] of model) {
            const wanted = Math.max(due, addedAt.get(stream) ?? 0);
            assert.ok(wanted > now - ROUNDING_SECONDS - 1e-6, "nothing that is due stays behind");
          }
        };
        for (const step of commands) {
          if (step.kind === "add") {
            model.set(step.stream, now + step.inSeconds);
            addedAt.set(step.stream, now);
            plan.add(step.stream, now + step.inSeconds);
          } else if (step.kind === "remove") {
            model.delete(step.stream);
            plan.remove(step.stream);
          } else if (step.kind === "pass") {
            now += step.seconds;
            advance();
          } else {
            const wake = plan.nextWakeSeconds();
            const earliest = Math.min(...model.values());
            if (model.size === 0) assert.equal(wake, Number.POSITIVE_INFINITY);
            else {
              assert.ok(wake <= Math.max(earliest, now) + 0.0121, "the wake is not missed");
              now = Math.max(now, wake);
              advance();
            }
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
