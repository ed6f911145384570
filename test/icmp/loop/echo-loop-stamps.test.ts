import assert from "node:assert/strict";
import { test } from "node:test";
import { EchoBench } from "../../support/echo-bench.ts";
import { answered } from "../../support/fake-transport.ts";

function near(got: number, want: number, tolerance = 1e-6): void {
  assert.ok(Math.abs(got - want) <= tolerance, `${got} is not ${want}`);
}

test("without a transmit stamp the send call's clock stands in, visibly", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => ({
    kind: "sent",
    answers: [{ afterSeconds: 0.01 }],
    stampAfterSeconds: 0.0005,
    hasNoStamp: true,
  });
  bench.set(1);
  bench.run(3);
  bench.finish([1]);
  near(bench.row(1).lastRttSeconds, 0.0105, 2e-9);
  assert.equal(bench.loop.figures().stampsMissing, 3);
});

test("missing stamps do not cost a reading of the error queue for each reply", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => ({
    kind: "sent",
    answers: [{ afterSeconds: 0.01 }],
    hasNoStamp: true,
  });
  for (let stream = 1; stream <= 100; stream += 1) bench.set(stream);
  bench.run(1);
  bench.clock.advanceSeconds(0.1);
  const before = bench.transport.errorReads;
  bench.loop.tick();
  assert.equal(bench.row(100).echoes, 1);
  assert.ok(bench.transport.errorReads - before <= 2);
});

test("a receive stamp that is missing gives the monotonic time since the send call", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => ({
    kind: "sent",
    answers: [{ afterSeconds: 0.01, hasNoStamp: true }],
  });
  bench.set(1);
  bench.run(1);
  bench.clock.advanceSeconds(0.03);
  bench.loop.tick();
  near(bench.row(1).lastRttSeconds, 0.03, 1e-6);
});

for (const step of [-3600, -0.5, -0.05, 0.05, 0.5, 3600]) {
  test(`a clock stepped by ${step} s over an echo gives the monotonic time`, () => {
    const bench = new EchoBench();
    bench.transport.fate = () => answered(0.1);
    bench.set(1);
    bench.run(1);
    assert.equal(bench.transport.sent.length, 1);
    bench.clock.advanceSeconds(0.05);
    bench.clock.stepSeconds(step);
    bench.clock.advanceSeconds(0.2);
    bench.loop.tick();
    near(bench.row(1).lastRttSeconds, 0.25, 1e-6);
    assert.equal(bench.row(1).lost, 0);
    bench.run(1.5);
    near(bench.row(1).lastRttSeconds, 0.1, 2e-9);
  });
}
