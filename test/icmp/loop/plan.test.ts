import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type DueSink, nextOnGridSeconds, Plan } from "../../../src/icmp/loop/plan.ts";

/** The wheel turns in 16.384 s. */
const WHEEL_SECONDS = 16.384;

function planAt(nowSeconds: number, streams = 64): Plan {
  const plan = new Plan(nowSeconds);
  plan.reserve(streams);
  return plan;
}

function taken(plan: Plan, nowSeconds: number): number[] {
  const streams: number[] = [];
  plan.takeDue(nowSeconds, { due: (stream) => streams.push(stream) });
  return streams;
}

test("takeDue() hands a stream over once, when its time has come", () => {
  const plan = planAt(100);
  plan.add(3, 100.5);
  assert.deepEqual(taken(plan, 100.499), []);
  assert.deepEqual(taken(plan, 100.5), [3]);
  assert.deepEqual(taken(plan, 200), []);
});

test("takeDue() hands over what is due already when it is added", () => {
  const plan = planAt(100);
  plan.add(3, 42);
  assert.deepEqual(taken(plan, 100.001), [3]);
});

test("add() moves a stream that is planned", () => {
  const plan = planAt(100);
  plan.add(3, 100.5);
  plan.add(3, 101.5);
  assert.equal(plan.dueSecondsOf(3), 101.5);
  assert.deepEqual(taken(plan, 101), []);
  assert.deepEqual(taken(plan, 102), [3]);
});

test("remove() takes a stream out of the middle, the front and the end of its slot", () => {
  for (const gone of [1, 2, 3]) {
    const plan = planAt(100);
    for (const stream of [1, 2, 3]) plan.add(stream, 100.5);
    plan.remove(gone);
    plan.remove(gone);
    assert.deepEqual(
      taken(plan, 101).toSorted((a, b) => a - b),
      [1, 2, 3].filter((stream) => stream !== gone),
    );
    assert.equal(plan.nextWakeSeconds(), Number.POSITIVE_INFINITY);
  }
});

test("reserve() keeps what is planned", () => {
  const plan = planAt(100, 2);
  plan.add(1, 100.5);
  plan.reserve(5000);
  plan.add(4999, 100.6);
  assert.deepEqual(taken(plan, 101), [1, 4999]);
});

/** Runs one stream from wake to wake and gives the times it was sent at. */
function run(options: {
  readonly startSeconds: number;
  readonly firstDueSeconds: number;
  readonly intervalSeconds: number;
  readonly count: number;
}): { readonly due: number[]; readonly planned: number[]; readonly wakes: number } {
  const plan = planAt(options.startSeconds);
  plan.setRate(1 / options.intervalSeconds);
  plan.add(1, options.firstDueSeconds);
  const due: number[] = [];
  const planned: number[] = [];
  let now = options.startSeconds;
  const sink: DueSink = {
    due: (stream, plannedSeconds) => {
      due.push(plan.dueSecondsOf(stream));
      planned.push(plannedSeconds);
      plan.add(stream, nextOnGridSeconds(plan.dueSecondsOf(stream), options.intervalSeconds, now));
    },
  };
  let wakes = 0;
  while (due.length < options.count) {
    now = Math.max(plan.nextWakeSeconds(), now);
    plan.takeDue(now, sink);
    wakes += 1;
    assert.ok(wakes < 1_000_000, "the plan goes on");
  }
  return { due, planned, wakes };
}

const intervals = [
  { name: "33.3333 ms", intervalSeconds: 0.0333333, count: 1000 },
  { name: "1 s", intervalSeconds: 1, count: 1000 },
  { name: "a turn of the wheel", intervalSeconds: WHEEL_SECONDS, count: 50 },
  { name: "2 min", intervalSeconds: 120, count: 50 },
  { name: "30 days", intervalSeconds: 30 * 86_400, count: 2 },
] as const;

for (const { name, intervalSeconds, count } of intervals) {
  test(`a stream every ${name} stays on its grid, without drift`, () => {
    const first = 1000.123;
    const { due, planned } = run({
      startSeconds: 1000,
      firstDueSeconds: first,
      intervalSeconds,
      count,
    });
    for (let n = 0; n < count; n += 1) {
      const want = first + n * intervalSeconds;
      assert.ok(Math.abs((due[n] ?? 0) - want) < 1e-6, `echo ${n} due at ${due[n]}, not ${want}`);
      const lead = (planned[n] ?? 0) - want;
      // Rounded up to a tick of at most 10 ms.
      assert.ok(lead > -1e-6 && lead < 0.0111, `echo ${n} planned ${lead} s after its due time`);
    }
  });
}

test("nextWakeSeconds() sleeps through empty slots", () => {
  const { wakes } = run({
    startSeconds: 0,
    firstDueSeconds: 0.5,
    intervalSeconds: 1,
    count: 100,
  });
  assert.equal(wakes, 100);
});

test("nextWakeSeconds() wakes for nothing once a turn at most, when the due time is turns away", () => {
  const { wakes } = run({ startSeconds: 0, firstDueSeconds: 1, intervalSeconds: 120, count: 10 });
  assert.ok(wakes <= 10 + (9 * 120) / 16, `${wakes} wakes`);
});

test("nextWakeSeconds() is never when nothing is planned", () => {
  assert.equal(planAt(0).nextWakeSeconds(), Number.POSITIVE_INFINITY);
});

test("nextWakeSeconds() lets streams of one tick wait for one another", () => {
  const plan = planAt(100);
  plan.setRate(1);
  plan.add(1, 100.001);
  plan.add(2, 100.009);
  assert.equal(plan.nextWakeSeconds(), 100.01);
  assert.deepEqual(taken(plan, 100.01), [1, 2]);
});

const rates = [
  { echoesPerSecond: 0, tickSeconds: 0.01 },
  { echoesPerSecond: 100, tickSeconds: 0.01 },
  { echoesPerSecond: 3200, tickSeconds: 0.01 },
  { echoesPerSecond: 10_000, tickSeconds: 0.006 },
  { echoesPerSecond: 32_000, tickSeconds: 0.002 },
  { echoesPerSecond: 64_000, tickSeconds: 0.001 },
  { echoesPerSecond: 1_000_000, tickSeconds: 0.001 },
] as const;
for (const { echoesPerSecond, tickSeconds } of rates) {
  test(`setRate() of ${echoesPerSecond} echoes/s gives ticks of ${tickSeconds} s`, () => {
    const plan = planAt(0);
    plan.setRate(echoesPerSecond);
    assert.equal(plan.tickSeconds, tickSeconds);
  });
}

const lateness = [
  { name: "on time", rate: 10_000, late: 0, want: false },
  { name: "at the limit of many", rate: 10_000, late: 0.099, want: false },
  { name: "past the limit of many", rate: 10_000, late: 0.101, want: true },
  {
    name: "of few, of which a tenth of a second holds less than leave together",
    rate: 128,
    late: 0.5,
    want: false,
  },
  { name: "of few, past what leaves together", rate: 128, late: 0.51, want: true },
  { name: "of one target", rate: 0.1, late: 1, want: false },
  { name: "of one target, past a second", rate: 0.1, late: 1.01, want: true },
  { name: "a day late", rate: 0.1, late: 86_400, want: true },
] as const;
for (const { name, rate, late, want } of lateness) {
  test(`isTooLate() of an echo ${name}`, () => {
    const plan = planAt(0);
    plan.setRate(rate);
    assert.equal(plan.isTooLate(16, 16 + late), want);
  });
}

const grid = [
  { name: "on time", due: 10, interval: 2, now: 10, want: 12 },
  { name: "sent early", due: 10, interval: 2, now: 9.999, want: 12 },
  { name: "late within the interval", due: 10, interval: 2, now: 11.9, want: 12 },
  { name: "late by an interval", due: 10, interval: 2, now: 12, want: 14 },
  { name: "late by three and a half", due: 10, interval: 2, now: 17, want: 18 },
] as const;
for (const { name, due, interval, now, want } of grid) {
  test(`nextOnGridSeconds() of an echo ${name}`, () => {
    assert.equal(nextOnGridSeconds(due, interval, now), want);
  });
}

test("nextOnGridSeconds() is after now and on the grid, whatever the stall", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.double({ min: 0.001, max: 1e5, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (due, interval, lag) => {
        const now = due + lag;
        const next = nextOnGridSeconds(due, interval, now);
        assert.ok(next >= now - 1e-6 && next <= now + interval + 1e-6);
        const steps = (next - due) / interval;
        assert.ok(Math.abs(steps - Math.round(steps)) < 1e-3 && steps > 0.5);
      },
    ),
  );
});
