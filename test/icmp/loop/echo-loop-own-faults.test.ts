import assert from "node:assert/strict";
import { test } from "node:test";
import { EchoBench } from "../../support/echo-bench.ts";
import { answered, silent } from "../../support/fake-transport.ts";

test("a process that stood still says so, and what the kernel kept counts", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(0.02);
  bench.set(1, { phase: 0.5 });
  bench.run(0.51);
  bench.stall(3);
  bench.run(2);
  assert.deepEqual(
    bench.events.map(({ kind, seconds }) => ({ kind, seconds: Math.round(seconds) })),
    [{ kind: "stopped", seconds: 3 }],
  );
  const { lost, suspect, lateReplies } = bench.row(1);
  assert.deepEqual([lost, suspect, lateReplies], [0, 0, 0]);
});

test("unanswered echoes in flight over a standstill are lost where drops are counted", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => silent();
  bench.set(1, { phase: 0.5 });
  bench.run(0.75);
  bench.stall(3);
  bench.run(0.5);
  assert.deepEqual([bench.row(1).lost, bench.row(1).suspect], [1, 0]);
});

test("where nobody counts drops, unanswered echoes in flight over a standstill are suspect", () => {
  const bench = new EchoBench("ipv4", { areDropsCounted: false });
  bench.transport.fate = () => silent();
  bench.set(1, { phase: 0.5 });
  bench.run(0.75);
  bench.stall(3);
  bench.run(4);
  const { lost, suspect } = bench.row(1);
  assert.equal(suspect, 1, "only the one in flight then");
  assert.ok(lost >= 2, `${lost} lost`);
  assert.deepEqual(bench.loop.figures().suspectCauses, ["stopped"]);
});

test("a suspended machine is told from a clock step, and what was in flight then is suspect", () => {
  const bench = new EchoBench();
  bench.transport.fate = ({ index }) => (index === 0 ? silent() : answered(0.02));
  bench.set(1, { phase: 0.5 });
  bench.run(0.75);
  // The monotonic clock stands with the machine, the wall clock and the time since boot run on.
  bench.clock.stepSeconds(3600);
  bench.suspendedSeconds += 3600;
  bench.run(5);
  assert.deepEqual(
    bench.events.map(({ kind, seconds }) => ({ kind, seconds: Math.round(seconds) })),
    [{ kind: "suspended", seconds: 3600 }],
  );
  const { echoes, lost, suspect } = bench.row(1);
  assert.deepEqual([lost, suspect], [0, 1]);
  assert.ok(echoes >= 4);
  assert.deepEqual(bench.loop.figures().suspectCauses, ["stopped"]);
});

for (const step of [30, -30]) {
  test(`a clock step of ${step} s says so, and loses nothing that was answered in time`, () => {
    const bench = new EchoBench();
    bench.transport.fate = () => answered(0.4);
    bench.set(1, { phase: 0.5 });
    bench.run(0.75);
    bench.clock.stepSeconds(step);
    bench.run(3);
    assert.deepEqual(
      bench.events.map(({ kind, seconds }) => ({ kind, seconds: Math.round(seconds) })),
      [{ kind: "clock_step", seconds: step }],
    );
    const { lost, suspect, lateReplies } = bench.row(1);
    assert.deepEqual([lost, suspect, lateReplies], [0, 0, 0]);
    assert.deepEqual(bench.loop.figures().suspectCauses, []);
  });

  test(`a reply whose time nobody can know after a step of ${step} s is suspect, not late`, () => {
    const bench = new EchoBench();
    // Answered in time, but read only when the deadline has passed.
    bench.transport.fate = ({ index }) => (index === 0 ? answered(0.4) : answered(0.02));
    bench.set(1, { phase: 0.5 });
    bench.run(0.75);
    bench.clock.stepSeconds(step);
    bench.stall(2);
    bench.run(3);
    const { lost, suspect, lateReplies } = bench.row(1);
    assert.deepEqual([lost, suspect, lateReplies], [0, 1, 0]);
    assert.deepEqual(bench.loop.figures().suspectCauses, ["clock_step"]);
  });

  test(`a reply that came after its deadline by the step of ${step} s or without is late`, () => {
    const bench = new EchoBench();
    bench.transport.fate = ({ index }) => (index === 0 ? answered(1.6) : answered(0.02));
    bench.set(1, { phase: 0.5 });
    bench.run(0.75);
    bench.clock.stepSeconds(step);
    bench.run(4);
    const { lost, suspect, lateReplies } = bench.row(1);
    assert.deepEqual([lost, suspect, lateReplies], [1, 0, 1]);
  });
}
