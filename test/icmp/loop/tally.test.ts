import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LOSS_REASONS } from "../../../src/icmp/echo.ts";
import { batchMark } from "../../../src/icmp/loop/batch-mark.ts";
import { blockBytes, columnsOf } from "../../../src/icmp/loop/tally-layout.ts";
import { RTT_BOUNDS_SECONDS, RTT_BUCKET_COUNT } from "../../../src/metrics/histogram.ts";
import { HOP_LIMIT, STREAM, TalliedStream } from "../../support/tallied-stream.ts";

test("a new stream has counters at 0 and everything else unknown", () => {
  const columns = new TalliedStream().columns();
  for (const name of [
    "echoes",
    "lost",
    "unsent",
    "suspect",
    "lateReplies",
    "duplicateReplies",
    "reorderedReplies",
    "corruptReplies",
    "rttSumSeconds",
  ] as const) {
    assert.equal(columns[name][STREAM], 0, name);
  }
  for (const name of [
    "lastRttSeconds",
    "jitterSeconds",
    "replyHopLimit",
    "lossRatio",
    "up",
    "lastFinishedSeconds",
  ] as const) {
    assert.equal(columns[name][STREAM], Number.NaN, name);
  }
});

test("answered() counts the echo, its time and its bucket", () => {
  const stream = new TalliedStream();
  stream.answered({ rtt: 0.0004 });
  stream.answered({ rtt: 0.00041 });
  stream.answered({ rtt: 100 });
  const columns = stream.columns();
  assert.equal(columns.echoes[STREAM], 3);
  assert.equal(columns.lost[STREAM], 0);
  assert.ok(Math.abs((columns.rttSumSeconds[STREAM] ?? 0) - 100.00081) < 1e-9);
  const bucket = RTT_BOUNDS_SECONDS.indexOf(0.0004);
  const row = STREAM * RTT_BUCKET_COUNT;
  assert.equal(columns.rttBuckets[row + bucket], 1, "a bound is inclusive");
  assert.equal(columns.rttBuckets[row + bucket + 1], 1);
  assert.equal(columns.rttBuckets[row + RTT_BUCKET_COUNT - 1], 1, "+Inf");
  assert.equal(columns.lastRttSeconds[STREAM], 100);
  assert.equal(columns.replyHopLimit[STREAM], HOP_LIMIT);
  assert.equal(columns.lastFinishedSeconds[STREAM], stream.wall);
});

test("lost() counts the reason that came, or none", () => {
  const stream = new TalliedStream();
  stream.lost();
  stream.lost({ reason: LOSS_REASONS.indexOf("prohibited") });
  stream.lost({ reason: LOSS_REASONS.indexOf("prohibited") });
  const columns = stream.columns();
  assert.equal(columns.echoes[STREAM], 3);
  assert.equal(columns.lost[STREAM], 3);
  const row = STREAM * LOSS_REASONS.length;
  assert.deepEqual(
    LOSS_REASONS.map((_, at) => columns.lostByReason[row + at]),
    LOSS_REASONS.map((reason) => (reason === "prohibited" ? 2 : 0)),
  );
});

test("unsent() and suspect() are in neither echoes nor lost, nor in the loss ratio", () => {
  const stream = new TalliedStream();
  stream.answered();
  stream.unsent();
  stream.suspect();
  const columns = stream.columns();
  assert.equal(columns.echoes[STREAM], 1);
  assert.equal(columns.lost[STREAM], 0);
  assert.equal(columns.unsent[STREAM], 1);
  assert.equal(columns.suspect[STREAM], 1);
  assert.equal(columns.lossRatio[STREAM], 0);
});

test("late, duplicate and corrupt replies are counted and change nothing else", () => {
  const stream = new TalliedStream();
  stream.lost();
  const before = stream.columns();
  stream.tally.late(STREAM);
  stream.tally.duplicate(STREAM);
  stream.tally.corrupt(STREAM);
  const after = stream.columns();
  assert.equal(after.lateReplies[STREAM], 1);
  assert.equal(after.duplicateReplies[STREAM], 1);
  assert.equal(after.corruptReplies[STREAM], 1);
  for (const name of ["echoes", "lost", "up", "rttSumSeconds", "lastFinishedSeconds"] as const) {
    assert.equal(after[name][STREAM], before[name][STREAM], name);
  }
});

test("the loss ratio is of its window", () => {
  const stream = new TalliedStream();
  stream.answered();
  stream.lost();
  assert.equal(stream.columns().lossRatio[STREAM], 0.5);
  stream.now += 100;
  assert.equal(stream.columns().lossRatio[STREAM], Number.NaN);
});

test("jitter is the running mean of RFC 3550 section 6.4.1 over round-trip times", () => {
  const stream = new TalliedStream();
  const rtts = [0.01, 0.014, 0.012, 0.03, 0.03];
  stream.answered({ rtt: rtts[0] ?? 0 });
  assert.equal(stream.columns().jitterSeconds[STREAM], Number.NaN, "one echo has no difference");
  let want = 0;
  for (let at = 1; at < rtts.length; at += 1) {
    const difference = Math.abs((rtts[at] ?? 0) - (rtts[at - 1] ?? 0));
    want += (difference - want) / 16;
    stream.answered({ rtt: rtts[at] ?? 0 });
    assert.ok(Math.abs((stream.columns().jitterSeconds[STREAM] ?? 0) - want) < 1e-12);
  }
});

for (const failure of ["lost", "unsent", "suspect"] as const) {
  test(`the gauges of the latest answer are unknown after a batch was ${failure}, jitter anew`, () => {
    const stream = new TalliedStream();
    stream.answered({ rtt: 0.01, mark: batchMark(1, true) });
    stream.answered({ rtt: 0.02, mark: batchMark(2, true) });
    stream[failure]({ mark: batchMark(3, true) });
    const gone = stream.columns();
    for (const name of ["lastRttSeconds", "jitterSeconds", "replyHopLimit"] as const) {
      assert.equal(gone[name][STREAM], Number.NaN, name);
    }
    stream.answered({ rtt: 0.5, mark: batchMark(4, true) });
    const back = stream.columns();
    assert.equal(back.lastRttSeconds[STREAM], 0.5);
    assert.equal(back.replyHopLimit[STREAM], HOP_LIMIT);
    assert.equal(back.jitterSeconds[STREAM], Number.NaN);
  });
}

test("an answer to an echo sent before the newest answered one is reordered", () => {
  const stream = new TalliedStream();
  for (const sentAt of [10, 12, 11, 11.5, 13]) stream.answered({ sentAt });
  assert.equal(stream.columns().reorderedReplies[STREAM], 2);
});

test("start() of a number used again forgets everything of the stream before", () => {
  const stream = new TalliedStream();
  stream.answered({ mark: batchMark(3, true), sentAt: 5000 });
  stream.lost({ mark: batchMark(4, true), reason: 2 });
  stream.answered({ mark: batchMark(5, true), sentAt: 5000 });
  stream.tally.start(STREAM, 60);
  assert.deepEqual(stream.columns(), new TalliedStream().columns());
  stream.lost({ mark: batchMark(1, true) });
  assert.equal(stream.up(), 0);
  stream.answered({ mark: batchMark(2, true), sentAt: 100 });
  assert.equal(stream.columns().reorderedReplies[STREAM], 0);
});

test("reserve() keeps what is counted", () => {
  const stream = new TalliedStream();
  stream.answered({ mark: batchMark(1, true) });
  stream.tally.reserve(10_000);
  stream.tally.start(9999, 60);
  stream.lost({ mark: batchMark(1, true) });
  const columns = columnsOf(new ArrayBuffer(blockBytes(10_000)));
  stream.tally.copyTo(columns, 9999, stream.now);
  assert.equal(columns.echoes[STREAM], 2);
  assert.equal(columns.up[STREAM], 1);
  assert.equal(columns.echoes[9999], 0);
  assert.equal(columns.up[9999], Number.NaN);
});

test("echoes less lost is the number of round-trip times, whatever happens in which order", () => {
  const event = fc.record({
    kind: fc.constantFrom("answered", "lost", "unsent", "suspect", "late", "duplicate", "corrupt"),
    rtt: fc.double({ min: 0, max: 20, noNaN: true }),
    mark: fc.integer({ min: 0, max: 0xffff }),
    reason: fc.integer({ min: -1, max: LOSS_REASONS.length - 1 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 150 }), (events) => {
      const stream = new TalliedStream();
      let explained = 0;
      for (const { kind, rtt, mark, reason } of events) {
        if (kind === "answered") stream.answered({ rtt, mark });
        else if (kind === "lost") stream.lost({ mark, reason });
        else if (kind === "unsent" || kind === "suspect") stream[kind]({ mark });
        else if (kind === "late" || kind === "duplicate") stream.tally[kind](STREAM);
        else stream.tally.corrupt(STREAM);
        if (kind === "lost" && reason >= 0) explained += 1;
      }
      const columns = stream.columns();
      const row = columns.rttBuckets.subarray(
        STREAM * RTT_BUCKET_COUNT,
        (STREAM + 1) * RTT_BUCKET_COUNT,
      );
      const times = row.reduce((sum, count) => sum + count, 0);
      assert.equal((columns.echoes[STREAM] ?? 0) - (columns.lost[STREAM] ?? 0), times);
      const count = (kind: string): number => events.filter((one) => one.kind === kind).length;
      assert.equal(columns.echoes[STREAM], count("answered") + count("lost"));
      assert.equal(columns.lost[STREAM], count("lost"));
      assert.equal(columns.unsent[STREAM], count("unsent"));
      assert.equal(columns.suspect[STREAM], count("suspect"));
      const reasons = columns.lostByReason
        .subarray(STREAM * LOSS_REASONS.length, (STREAM + 1) * LOSS_REASONS.length)
        .reduce((sum, one) => sum + one, 0);
      assert.equal(reasons, explained);
    }),
  );
});
