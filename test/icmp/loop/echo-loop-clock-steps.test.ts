import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EchoBench } from "../../support/echo-bench.ts";
import { answered, silent } from "../../support/fake-transport.ts";

/** From the transmit stamp to the receive stamp. */
const RTT_SECONDS = 0.1;
/** The fake transport stamps so much after the send call. */
const STAMP_SECONDS = 20e-6;
/** Stamps are subtracted as whole nanoseconds, doubles of seconds round. */
const STAMP_TOLERANCE_SECONDS = 2e-9;
/** Without stamps a reply is timed when it is read; the bench ticks this often while a test says so. */
const READ_EVERY_SECONDS = 0.001;

function near(got: number, want: number, tolerance: number): void {
  assert.ok(Math.abs(got - want) <= tolerance, `${got} is not ${want}`);
}

/** Time passes and the loop reads often, so that the monotonic time of a reading is that of the arrival. */
function runClosely(bench: EchoBench, seconds: number): void {
  const end = bench.clock.monotonicSeconds() + seconds;
  while (bench.clock.monotonicSeconds() < end) {
    bench.clock.advanceSeconds(READ_EVERY_SECONDS);
    bench.loop.tick();
  }
}

function streamsThatAre(bench: EchoBench, count: number): readonly number[] {
  const streams = Array.from({ length: count }, (_, index) => index + 1);
  for (const stream of streams) bench.set(stream, { phase: stream / count });
  return streams;
}

/** Suspect echoes, losses, and what came too late: nothing of the sort may come of a clock step. */
function harmOf(bench: EchoBench, streams: readonly number[]): number {
  return streams.reduce((sum, stream) => {
    const { lost, suspect, unsent, lateReplies, duplicateReplies } = bench.row(stream);
    return sum + lost + suspect + unsent + lateReplies + duplicateReplies;
  }, 0);
}

const FAMILIES = ["ipv4", "ipv6"] as const;
const STEPS = [-30, 30, -0.05, 0.05, -86_400, 86_400] as const;

for (const family of FAMILIES) {
  for (const step of STEPS) {
    describe(`${family}: a clock step of ${step} s`, () => {
      test("between send and receive: the round-trip time is the monotonic one since the send call", () => {
        const bench = new EchoBench(family);
        bench.transport.fate = () => answered(RTT_SECONDS);
        bench.set(1);
        bench.run(1);
        assert.equal(bench.transport.sent.length, 1);
        bench.clock.advanceSeconds(RTT_SECONDS / 2);
        bench.clock.stepSeconds(step);
        runClosely(bench, RTT_SECONDS);
        const row = bench.row(1);
        assert.deepEqual([row.echoes, row.up], [1, 1]);
        near(row.lastRttSeconds, RTT_SECONDS + STAMP_SECONDS, 2 * READ_EVERY_SECONDS);
        assert.equal(harmOf(bench, [1]), 0);
      });

      test("between two sends: both echoes keep their stamps", () => {
        const bench = new EchoBench(family);
        bench.transport.fate = () => answered(RTT_SECONDS);
        bench.set(1);
        bench.run(1.5);
        near(bench.row(1).lastRttSeconds, RTT_SECONDS, STAMP_TOLERANCE_SECONDS);
        bench.clock.stepSeconds(step);
        bench.run(1);
        const row = bench.row(1);
        assert.equal(row.echoes, 2);
        near(row.lastRttSeconds, RTT_SECONDS, STAMP_TOLERANCE_SECONDS);
        near(row.rttSumSeconds, 2 * RTT_SECONDS, 2 * STAMP_TOLERANCE_SECONDS);
        assert.equal(harmOf(bench, [1]), 0);
      });

      test("right between two sends of one tick: neither answer is lost, both are right", () => {
        const bench = new EchoBench(family);
        bench.transport.fate = () => answered(RTT_SECONDS);
        bench.set(1);
        bench.set(2);
        let queued = 0;
        bench.transport.onQueue = () => {
          queued += 1;
          if (queued === 2) bench.clock.stepSeconds(step);
        };
        bench.run(1);
        assert.equal(queued, 2);
        runClosely(bench, 2 * RTT_SECONDS);
        for (const stream of [1, 2]) {
          const row = bench.row(stream);
          assert.equal(row.echoes, 1);
          near(row.lastRttSeconds, RTT_SECONDS, 2 * READ_EVERY_SECONDS);
        }
        assert.equal(harmOf(bench, [1, 2]), 0);
      });

      test("over many echoes in flight: all are answered, and the next have their stamps again", () => {
        const bench = new EchoBench(family);
        bench.transport.fate = () => answered(RTT_SECONDS);
        const streams = streamsThatAre(bench, 50);
        bench.run(2);
        const before = streams.map((stream) => bench.row(stream));
        bench.clock.stepSeconds(step);
        runClosely(bench, RTT_SECONDS + 0.02);
        // Whatever was in flight over the step has ended.
        const stepped = streams.map((stream) => bench.row(stream));
        bench.run(3);
        let count = 0;
        for (const [index, stream] of streams.entries()) {
          const row = bench.row(stream);
          const earlier = stepped[index];
          assert.ok(earlier !== undefined);
          const echoes = row.echoes - earlier.echoes;
          assert.ok(echoes >= 2, `${echoes} echoes of stream ${stream}`);
          const meanSeconds = (row.rttSumSeconds - earlier.rttSumSeconds) / echoes;
          // An echo sent while `runClosely` ended may have been sent before the step was read.
          near(meanSeconds, RTT_SECONDS, STAMP_TOLERANCE_SECONDS);
          count += earlier.echoes - (before[index]?.echoes ?? 0);
        }
        assert.ok(count >= 5, `${count} echoes ended over the step`);
        assert.equal(harmOf(bench, streams), 0);
      });
    });
  }

  test(`${family}: forth and back within one echo, the stamps are not believed`, () => {
    const bench = new EchoBench(family);
    bench.transport.fate = () => answered(RTT_SECONDS);
    bench.set(1);
    bench.run(1);
    bench.clock.stepSeconds(30);
    bench.clock.advanceSeconds(0.01);
    bench.loop.tick();
    bench.clock.stepSeconds(-30);
    runClosely(bench, 2 * RTT_SECONDS);
    near(bench.row(1).lastRttSeconds, RTT_SECONDS, 2 * READ_EVERY_SECONDS);
    assert.equal(harmOf(bench, [1]), 0);
  });

  test(`${family}: a step at every second echo loses and suspects nothing that was answered`, () => {
    const bench = new EchoBench(family);
    bench.transport.fate = () => answered(RTT_SECONDS);
    bench.set(1);
    bench.run(0.95);
    for (let echo = 0; echo < 20; echo += 1) {
      runClosely(bench, 0.5);
      if (echo % 2 === 0) bench.clock.stepSeconds(echo % 4 === 0 ? 30 : -30);
      runClosely(bench, 0.5);
    }
    bench.finish([1]);
    const row = bench.row(1);
    assert.equal(row.echoes, bench.transport.sent.length);
    near(row.rttSumSeconds / row.echoes, RTT_SECONDS, 2 * READ_EVERY_SECONDS);
    assert.equal(harmOf(bench, [1]), 0);
  });

  test(`${family}: a host that does not answer is no less lost for steps before its echoes`, () => {
    const bench = new EchoBench(family);
    bench.transport.fate = ({ index }) => (index % 2 === 0 ? silent() : answered(RTT_SECONDS));
    bench.set(1, { timeoutSeconds: 0.5 });
    bench.clock.stepSeconds(30);
    bench.run(0.5);
    bench.run(10);
    bench.finish([1]);
    const row = bench.row(1);
    assert.equal(row.echoes, bench.transport.sent.length);
    assert.equal(row.lost, Math.ceil(row.echoes / 2));
    assert.equal(row.suspect, 0);
  });
}
