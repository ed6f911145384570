import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { FailureReason, ProbeOutcome } from "../../../src/probe/prober.ts";
import type { PoolStream, StreamOutcome } from "../../../src/probe/worker/messages.ts";
import { ProbeStreams } from "../../../src/probe/worker/streams.ts";
import { fakeTimers } from "../../support/fake-timers.ts";
import { httpModule, reasonOf } from "../lab.ts";

/** How a target is at a moment: what a probe that begins then ends with, and after how long. */
type Answer = { readonly reason?: FailureReason; readonly takesSeconds: number };
type Behaviour = (target: string, nowSeconds: number) => Answer;

const FAST = { intervalSeconds: 1, untilLoss: 0.05, windowSeconds: 20 };

function stream(number: number, changes: Partial<PoolStream> = {}): PoolStream {
  return {
    number,
    module: "http",
    target: "192.0.2.1",
    intervalSeconds: 10,
    timeoutSeconds: 10,
    phase: 0.1,
    fast: FAST,
    ...changes,
  };
}

/** Streams on fake time. A probe lasts as its target's behaviour says, and is cut when its signal says so. */
function bench(behaviour: Behaviour, maxConcurrent = 10) {
  const { clock, setTimer, timerCount, jump, run } = fakeTimers();
  const starts: { readonly target: string; readonly at: number; isCut: boolean }[] = [];
  const outcomes: (StreamOutcome & { readonly at: number })[] = [];
  const inFlight = new Set<string>();
  const streams = new ProbeStreams({
    modules: { http: httpModule() },
    maxConcurrent,
    tools: { clock },
    setTimer,
    run: (_prober, { target }, signal) => {
      const start = { target, at: clock.monotonicSeconds(), isCut: false };
      starts.push(start);
      assert.equal(inFlight.has(target), false, "one probe of a stream in flight at most");
      inFlight.add(target);
      const { reason, takesSeconds } = behaviour(target, start.at);
      return new Promise((resolve) => {
        const end = (ending: FailureReason | undefined): void => {
          inFlight.delete(target);
          resolve(ended(ending, clock.wallSeconds()));
        };
        const cancel = setTimer(() => end(reason), takesSeconds);
        signal.addEventListener("abort", () => {
          start.isCut = true;
          cancel();
          end("cancelled");
        });
      });
    },
    onOutcome: (outcome) => outcomes.push({ ...outcome, at: clock.monotonicSeconds() }),
  });
  return { streams, starts, outcomes, timerCount, jump, run };
}

function ended(reason: FailureReason | undefined, finishedAtSeconds: number): ProbeOutcome {
  const common = {
    durationSeconds: 0,
    finishedAtSeconds,
    address: undefined,
    lookupSeconds: 0,
    facts: { protocol: "icmp", phases: { resolve: 0, setup: 0, rtt: 0 }, replyHopLimit: undefined },
    isDisturbed: false,
    log: [],
  } as const;
  return reason === undefined
    ? { ...common, kind: "succeeded" }
    : { ...common, kind: "failed", reason, detail: "" };
}

/** Bad until a moment, then good; a probe takes 0.25 s. */
function goodFrom(goodSeconds: number): Behaviour {
  return (_target, now) => ({
    takesSeconds: 0.25,
    ...(now < goodSeconds ? { reason: "connect_refused" } : {}),
  });
}

const rounded = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;
const timesOf = (of: readonly { readonly at: number }[]): readonly number[] =>
  of.map(({ at }) => rounded(at));

test("a stream that fails is probed at its fast interval at once, and its grid goes on", async () => {
  const { streams, starts, outcomes, run } = bench(goodFrom(3));
  streams.add(stream(1));
  await run(8);
  assert.deepEqual(timesOf(starts), [1, 1.25, 2.25, 3.25, 4.25, 5.25, 6.25, 7.25]);
  assert.deepEqual(
    outcomes.map(({ outcome, pace }) => [reasonOf(outcome), pace.isFast, pace.isAtFastPace]),
    [
      ["connect_refused", false, true],
      ["connect_refused", true, true],
      ["connect_refused", true, true],
      ...Array.from({ length: 5 }, () => ["succeeded", true, true]),
    ],
  );
  await run(4);
  const grid = outcomes.filter(({ pace }) => !pace.isFast);
  assert.deepEqual(timesOf(grid), [1.25, 11.25]);
});

test("it returns to its interval when the window has passed and little failed in it", async () => {
  const { streams, starts, outcomes, run } = bench(goodFrom(3));
  streams.add(stream(1));
  await run(60);
  const last = outcomes.findLast(({ pace }) => pace.isFast);
  const normal = outcomes.findIndex(({ pace }) => !pace.isAtFastPace);
  // What failed at 2.5 s has left the window of twelve parts of 1⅔ s when the part of 21⅔ s begins.
  assert.equal(rounded(last?.at ?? 0), 22.5);
  assert.equal(outcomes[normal]?.at, last?.at);
  assert.deepEqual(timesOf(starts.filter(({ at }) => at > 22.5)), [31, 41, 51]);
});

test("without a fast pace a stream is probed at its interval, whatever it answers", async () => {
  const { streams, starts, outcomes, run } = bench(goodFrom(100));
  streams.add(stream(1, { fast: undefined }));
  await run(25);
  assert.deepEqual(timesOf(starts), [1, 11, 21]);
  for (const { pace } of outcomes) {
    assert.deepEqual(pace, { isFast: false, isAtFastPace: false });
  }
});

test("a grid time that meets a fast probe cuts it, and the cut one is nobody's outcome", async () => {
  const { streams, starts, outcomes, run } = bench((_target, now) =>
    now < 2
      ? { reason: "connect_refused", takesSeconds: 0.25 }
      : { reason: "connect_timeout", takesSeconds: 10 },
  );
  streams.add(stream(1));
  await run(15);
  assert.deepEqual(
    starts.map(({ at, isCut }) => [rounded(at), isCut]),
    [
      [1, false],
      [1.25, false],
      [2.25, true],
      [11, false],
    ],
  );
  assert.deepEqual(
    outcomes.map(({ pace }) => pace.isFast),
    [false, true],
  );
  assert.equal(streams.missedTicks.http, 0);
});

test("a fast time that meets a running probe is dropped and is no missed tick", async () => {
  const { streams, starts, run } = bench(() => ({ reason: "http_status", takesSeconds: 2.5 }));
  streams.add(stream(1));
  await run(9);
  assert.deepEqual(timesOf(starts), [1, 3.5, 6.5]);
  assert.equal(streams.missedTicks.http, 0);
});

test("a stall drops what is overdue: the grid's is counted, the fast pace's is not", async () => {
  const { streams, starts, jump, run } = bench(goodFrom(100));
  streams.add(stream(1));
  await run(5.5);
  const before = starts.length;
  jump(30);
  await run(0.5);
  assert.equal(streams.missedTicks.http, 2);
  assert.ok(starts.length - before <= 2);
});

test("where slots are short the fast pace waits for nothing and holds up nobody", async () => {
  const behaviour: Behaviour = (target, now) =>
    target === "192.0.2.1"
      ? { reason: "connect_timeout", takesSeconds: now < 2 ? 0.25 : 8 }
      : { takesSeconds: 0.25 };
  const { streams, starts, outcomes, run } = bench(behaviour, 1);
  streams.add(stream(1));
  streams.add(stream(2, { target: "192.0.2.2", intervalSeconds: 1, phase: 0.75 }));
  await run(6);
  const other = starts.filter(({ target }) => target === "192.0.2.2");
  assert.deepEqual(timesOf(other), [0.75, 1.75, 2.75, 3.75, 4.75, 5.75]);
  for (const { stream: number, pace, startDelaySeconds } of outcomes) {
    if (number === 2) assert.equal(rounded(startDelaySeconds), 0);
    if (number === 2) assert.equal(pace.isFast, false);
  }
  assert.ok(starts.some(({ isCut }) => isCut));
});

test("what the agent broke off by itself is no failure of the target", async () => {
  const { streams, starts, outcomes, run } = bench(() => ({
    reason: "agent_overloaded",
    takesSeconds: 0.25,
  }));
  streams.add(stream(1));
  await run(15);
  assert.deepEqual(timesOf(starts), [1, 11]);
  assert.deepEqual(outcomes[0]?.pace, { isFast: false, isAtFastPace: false });
});

test("a stream that is removed or replaced leaves its fast pace", async () => {
  const { streams, starts, timerCount, run } = bench(goodFrom(100));
  streams.add(stream(1));
  await run(4);
  streams.add(stream(1));
  const before = starts.length;
  await run(6);
  assert.deepEqual(starts.slice(before), []);
  await run(2);
  assert.ok(starts.length > before + 1);
  streams.remove(1);
  await run(0);
  assert.equal(timerCount(), 0);
});

test("grid probes start when they would without the fast pace, whatever the targets do", async () => {
  const answer = fc.record({
    isGood: fc.boolean(),
    takesSeconds: fc.double({ min: 0.001, max: 9.9, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(answer, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(1, 2.5, 7),
      async (answers, fastSeconds) => {
        // Of the moment alone, so that extra probes change nothing for those of the grid.
        const behaviour: Behaviour = (_target, now) => {
          const { isGood, takesSeconds } = answers[Math.floor(now / 10) % answers.length] ?? {
            isGood: true,
            takesSeconds: 1,
          };
          return isGood ? { takesSeconds } : { takesSeconds, reason: "http_status" };
        };
        const gridOf = async (fast: PoolStream["fast"]) => {
          const { streams, outcomes, run } = bench(behaviour);
          streams.add(stream(1, { fast }));
          await run(150);
          streams.stop();
          return outcomes
            .filter(({ pace }) => !pace.isFast)
            .map(({ at, outcome, startDelaySeconds }) => [
              rounded(at),
              reasonOf(outcome),
              rounded(startDelaySeconds),
            ]);
        };
        const without = await gridOf(undefined);
        assert.deepEqual(await gridOf({ ...FAST, intervalSeconds: fastSeconds }), without);
        assert.ok(without.length >= 14);
      },
    ),
    { numRuns: 25 },
  );
});
