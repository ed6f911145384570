import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { FastPace, type FastPaceSink } from "../../../src/icmp/loop/fast-pace.ts";

/** As `fast-pace.ts` has it: what may leave at once, of a second's budget. */
const BURST_SECONDS = 0.1;
const START_SECONDS = 5000;
const LOSS_WINDOW_SECONDS = 10;
/** The engine never sleeps longer. */
const MAX_SLEEP_SECONDS = 0.25;

/** A fast pace and the network it works for, on a clock that jumps from wake to wake. */
class PacedStreams implements FastPaceSink {
  now = START_SECONDS;
  /** When an echo left, and of which stream. */
  readonly sent: { readonly stream: number; readonly atSeconds: number }[] = [];
  readonly fast = new Set<number>();
  /** Loss in every stream's window; NaN while nothing has finished. */
  loss = 1;
  readonly pace: FastPace;

  constructor(options: { readonly budgetPerSecond: number; readonly streams?: number }) {
    const { budgetPerSecond, streams = 1 } = options;
    this.pace = new FastPace({ sink: this, budgetPerSecond, nowSeconds: this.now });
    this.pace.reserve(streams + 1);
  }

  sendFast(stream: number): void {
    this.sent.push({ stream, atSeconds: this.now });
  }

  lossRatio(): number {
    return this.loss;
  }

  setFastProbing(stream: number, isFast: boolean): void {
    if (isFast) this.fast.add(stream);
    else this.fast.delete(stream);
  }

  set(stream: number, intervalSeconds: number, windowSeconds = LOSS_WINDOW_SECONDS): void {
    this.pace.set(stream, { intervalSeconds, untilLoss: 0.05 }, windowSeconds);
  }

  enter(stream: number): void {
    this.pace.enter(stream, this.now);
  }

  /** Wakes when the pace wants to, as the engine does. */
  runUntil(endSeconds: number): void {
    for (;;) {
      const wake = Math.min(this.pace.nextWakeSeconds(), this.now + MAX_SLEEP_SECONDS);
      if (wake > endSeconds) break;
      this.now = Math.max(wake, this.now + 1e-6);
      this.pace.sendDue(this.now);
    }
    this.now = endSeconds;
  }

  run(seconds: number): void {
    this.runUntil(this.now + seconds);
  }

  countOf(stream: number): number {
    return this.sent.filter((echo) => echo.stream === stream).length;
  }
}

describe("a stream at the fast pace", () => {
  test("is probed at once, then at its fast interval", () => {
    const streams = new PacedStreams({ budgetPerSecond: 100 });
    streams.set(1, 0.5);
    streams.enter(1);
    streams.run(2.1);
    assert.deepEqual(
      streams.sent.map(({ atSeconds }) => Math.round((atSeconds - START_SECONDS) * 1000)),
      [0, 500, 1000, 1500, 2000],
    );
  });

  const ends = [
    { name: "stays while its window has not passed", loss: 0, seconds: 8.5, isFast: true },
    { name: "leaves when the window has passed without loss", loss: 0, seconds: 11, isFast: false },
    { name: "leaves below its limit", loss: 0.04, seconds: 11, isFast: false },
    { name: "stays at its limit", loss: 0.05, seconds: 100, isFast: true },
    { name: "stays while nothing finished", loss: Number.NaN, seconds: 100, isFast: true },
  ] as const;
  for (const { name, loss, seconds, isFast } of ends) {
    test(name, () => {
      const streams = new PacedStreams({ budgetPerSecond: 100 });
      streams.loss = loss;
      streams.set(1, 1);
      streams.enter(1);
      streams.run(seconds);
      assert.equal(streams.fast.has(1), isFast);
      const before = streams.sent.length;
      streams.run(1);
      assert.equal(streams.sent.length > before, isFast);
    });
  }

  test("keeps its rhythm when it loses a grid echo again", () => {
    const streams = new PacedStreams({ budgetPerSecond: 100 });
    streams.set(1, 1);
    streams.enter(1);
    streams.run(2.5);
    streams.enter(1);
    streams.run(1);
    assert.equal(streams.countOf(1), 4);
  });

  test("keeps its rhythm when it is set to what it has", () => {
    const streams = new PacedStreams({ budgetPerSecond: 100 });
    streams.set(1, 1);
    streams.enter(1);
    streams.run(0.5);
    streams.set(1, 1);
    streams.run(1);
    assert.deepEqual([streams.fast.has(1), streams.countOf(1)], [true, 2]);
  });

  for (const { name, change } of [
    { name: "leave()", change: (streams: PacedStreams) => streams.pace.leave(1) },
    { name: "another interval", change: (streams: PacedStreams) => streams.set(1, 2) },
    { name: "another loss window", change: (streams: PacedStreams) => streams.set(1, 1, 30) },
    {
      name: "having no fast pace any more",
      change: (streams: PacedStreams) => streams.pace.set(1, undefined, LOSS_WINDOW_SECONDS),
    },
  ]) {
    test(`is at its normal pace after ${name}, and takes its share of the budget with it`, () => {
      const streams = new PacedStreams({ budgetPerSecond: 1, streams: 2 });
      for (const stream of [1, 2]) streams.set(stream, 1);
      streams.enter(1);
      streams.enter(2);
      streams.run(10);
      change(streams);
      assert.deepEqual([...streams.fast], [2]);
      const before = streams.countOf(1);
      const skipped = streams.pace.skipped;
      streams.run(10);
      assert.equal(streams.countOf(1), before);
      // Alone it has the whole budget, once the share it had planned with is over.
      assert.ok(streams.pace.skipped <= skipped + 2, `${streams.pace.skipped - skipped} left out`);
    });
  }

  test("that was never told a fast interval is not probed", () => {
    const streams = new PacedStreams({ budgetPerSecond: 100 });
    streams.enter(1);
    streams.run(5);
    assert.deepEqual([streams.sent.length, streams.fast.size], [0, 0]);
  });
});

/** Two echoes may leave at once then: with one alone, what meets another's echo is left out time and again. */
const MIN_BUDGET = 20;

/** A second's budget, and streams that fail from some moment on with the fast interval they have. */
const outages = fc.record({
  budgetPerSecond: fc.integer({ min: MIN_BUDGET, max: 400 }),
  streams: fc.array(
    fc.record({
      // Seldom the same, as configured; the moments as an outage makes them.
      intervalSeconds: fc.constantFrom(0.1, 0.25, 0.5, 1, 2),
      failsAfterSeconds: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 10, noNaN: true })),
    }),
    { minLength: 1, maxLength: 120 },
  ),
});
const OUTAGE_SECONDS = 120;
const SETTLED_SECONDS = 20;

type Outage = typeof outages extends fc.Arbitrary<infer T> ? T : never;

/** Lets every stream fail, and never recover. */
function lived({ budgetPerSecond, streams }: Outage): PacedStreams {
  const paced = new PacedStreams({ budgetPerSecond, streams: streams.length });
  const entries = streams
    .map((one, at) => ({ ...one, stream: at + 1 }))
    .toSorted((a, b) => a.failsAfterSeconds - b.failsAfterSeconds);
  for (const { stream, intervalSeconds, failsAfterSeconds } of entries) {
    paced.set(stream, intervalSeconds);
    paced.runUntil(START_SECONDS + failsAfterSeconds);
    paced.enter(stream);
  }
  paced.runUntil(START_SECONDS + SETTLED_SECONDS);
  return paced;
}

/** Echoes a second that the streams want together. */
const wantedBy = ({ streams }: Outage): number =>
  streams.reduce((sum, { intervalSeconds }) => sum + 1 / intervalSeconds, 0);

/** How much longer than wanted an interval is where the budget holds less. */
const stretchOf = (outage: Outage): number =>
  Math.max(wantedBy(outage) / outage.budgetPerSecond, 1);

/** Echoes of a long outage: sent, sent or told to be left out, and wanted. */
function outcomeOf(outage: Outage): { had: number; told: number; wanted: number } {
  const paced = lived(outage);
  const [sent, skipped] = [paced.sent.length, paced.pace.skipped];
  paced.run(OUTAGE_SECONDS);
  const had = paced.sent.length - sent;
  return {
    had,
    told: had + paced.pace.skipped - skipped,
    wanted: wantedBy(outage) * OUTAGE_SECONDS,
  };
}

describe("all streams at the fast pace together", () => {
  test("never exceed their budget by more than what may leave at once", () => {
    fc.assert(
      fc.property(outages, (outage) => {
        const paced = lived(outage);
        paced.run(20);
        const { budgetPerSecond } = outage;
        const most = Math.max(budgetPerSecond * BURST_SECONDS, 1);
        // A bucket that is empty now and was full then: of every stretch of time that ends with an echo.
        let level = 0;
        let before = START_SECONDS;
        for (const { atSeconds } of paced.sent) {
          level = Math.max(level - (atSeconds - before) * budgetPerSecond, 0) + 1;
          before = atSeconds;
          assert.ok(level <= most + 1e-6, `${level} at once, ${most} may`);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("have what they want when it fits the budget with room to spare, even if all fail in one moment", () => {
    fc.assert(
      fc.property(outages, (outage) => {
        const budgetPerSecond = Math.max(Math.ceil(wantedBy(outage) * 1.5), MIN_BUDGET);
        const { had, told, wanted } = outcomeOf({ ...outage, budgetPerSecond });
        assert.ok(had >= wanted * 0.95 - outage.streams.length, `${had} sent of ${wanted} wanted`);
        assert.ok(
          told <= wanted * 1.01 + outage.streams.length,
          `${told} told of, ${wanted} wanted`,
        );
      }),
      { numRuns: 40 },
    );
  });

  test("use up their budget when they want more, and what was left out is counted", () => {
    fc.assert(
      fc.property(outages, (outage) => {
        const { had, told, wanted } = outcomeOf(outage);
        // An echo is due at each end of the time, and one planned before it may have been stretched.
        const ends = outage.streams.length * (1 + stretchOf(outage));
        assert.ok(
          Math.abs(told - wanted) <= wanted * 0.01 + ends,
          `${had} sent, ${told} told of, ${wanted} wanted`,
        );
        const allowed = Math.min(wanted, outage.budgetPerSecond * OUTAGE_SECONDS);
        assert.ok(had >= allowed * 0.8 - outage.streams.length, `${had} sent, ${allowed} allowed`);
      }),
      { numRuns: 40 },
    );
  });

  test("starve none of them", () => {
    fc.assert(
      fc.property(outages, (outage) => {
        const paced = lived(outage);
        const before = outage.streams.map((_, at) => paced.countOf(at + 1));
        paced.run(OUTAGE_SECONDS);
        for (const [at, { intervalSeconds }] of outage.streams.entries()) {
          const share = OUTAGE_SECONDS / (intervalSeconds * stretchOf(outage));
          const had = paced.countOf(at + 1) - (before[at] ?? 0);
          assert.ok(had >= share * 0.5 - 2, `stream ${at + 1} had ${had}, its share is ${share}`);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("use the whole budget and share it alike when a thousand fail in one moment", () => {
    const paced = new PacedStreams({ budgetPerSecond: 1000, streams: 1000 });
    for (let stream = 1; stream <= 1000; stream += 1) {
      paced.set(stream, 1);
      paced.enter(stream);
    }
    paced.run(10);
    const before = paced.sent.length;
    paced.run(20);
    const counts = new Map<number, number>();
    for (const { stream } of paced.sent.slice(before)) {
      counts.set(stream, (counts.get(stream) ?? 0) + 1);
    }
    assert.equal(counts.size, 1000);
    for (const [stream, count] of counts) {
      assert.ok(count >= 18, `stream ${stream} had ${count} echoes in 20 s`);
    }
  });
});
