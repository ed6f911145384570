import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RunningStatistics } from "../../src/batch/running-statistics.ts";
import type { EchoOutcome } from "../../src/icmp/echo.ts";

const answered = (rttSeconds: number): EchoOutcome => ({
  kind: "answered",
  rttSeconds,
  hopLimit: undefined,
});
const lost: EchoOutcome = { kind: "lost", explanation: undefined };
const suspect: EchoOutcome = { kind: "suspect", cause: "socket_overflow" };
const unsent: EchoOutcome = { kind: "unsent", errno: "ENETUNREACH" };

function statisticsOf(outcomes: readonly EchoOutcome[]) {
  const running = new RunningStatistics();
  for (const outcome of outcomes) running.add(outcome);
  return running.statistics();
}

test("statistics() of nothing has no ratio and no times", () => {
  assert.deepEqual(statisticsOf([]), {
    sent: 0,
    received: 0,
    lost: 0,
    suspect: 0,
    unsent: 0,
    lossRatio: undefined,
    minSeconds: undefined,
    avgSeconds: undefined,
    maxSeconds: undefined,
    stddevSeconds: undefined,
  });
});

test("what this machine did not send or may have lost is no loss of the network", () => {
  const { sent, received, lossRatio, ...rest } = statisticsOf([
    answered(0.5),
    lost,
    suspect,
    unsent,
    unsent,
  ]);
  assert.deepEqual([sent, received, lossRatio], [3, 1, 0.5]);
  assert.deepEqual([rest.lost, rest.suspect, rest.unsent], [1, 1, 2]);
});

test("stddevSeconds is that of the whole: 2 of the textbook's 2, 4, 4, 4, 5, 5, 7, 9", () => {
  const { avgSeconds, stddevSeconds } = statisticsOf([2, 4, 4, 4, 5, 5, 7, 9].map(answered));
  assert.deepEqual([avgSeconds, stddevSeconds], [5, 2]);
});

test("a spread of nanoseconds on top of a second survives", () => {
  const { stddevSeconds = 0 } = statisticsOf([1.000_000_001, 1.000_000_003].map(answered));
  assert.ok(Math.abs(stddevSeconds - 1e-9) < 1e-14, `${stddevSeconds}`);
});

test("statistics() is what the definitions give, of any outcomes", () => {
  const rtt = fc.double({ min: 1e-6, max: 60, noNaN: true });
  const outcome = fc.oneof(rtt.map(answered), fc.constantFrom(lost, suspect, unsent));
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 50 }), (outcomes) => {
      const rtts = outcomes.flatMap((one) => (one.kind === "answered" ? [one.rttSeconds] : []));
      const statistics = statisticsOf(outcomes);
      assert.equal(statistics.received, rtts.length);
      assert.equal(statistics.sent, statistics.received + statistics.lost + statistics.suspect);
      assert.equal(statistics.sent + statistics.unsent, outcomes.length);
      if (rtts.length === 0) return;
      const { minSeconds = 0, avgSeconds = 0, maxSeconds = 0, stddevSeconds = 0 } = statistics;
      assert.deepEqual([minSeconds, maxSeconds], [Math.min(...rtts), Math.max(...rtts)]);
      assert.ok(minSeconds <= avgSeconds && avgSeconds <= maxSeconds);
      const mean = rtts.reduce((sum, value) => sum + value, 0) / rtts.length;
      const variance = rtts.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rtts.length;
      assert.ok(Math.abs(avgSeconds - mean) < 1e-9);
      assert.ok(Math.abs(stddevSeconds - Math.sqrt(variance)) < 1e-6);
    }),
  );
});
