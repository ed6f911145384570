import assert from "node:assert/strict";
import { test } from "node:test";
import { EchoBench } from "../../support/echo-bench.ts";
import { answered, silent } from "../../support/fake-transport.ts";

const FAST = { intervalSeconds: 1, untilLoss: 0.05 };

/** Ten seconds apart, with extra echoes a second apart while it fails. */
const PACED = { intervalSeconds: 10, timeoutSeconds: 0.5, fast: FAST, lossWindowSeconds: 60 };

function benchDownFrom(fromSeconds: number, toSeconds: number, budget = 1000): EchoBench {
  const bench = new EchoBench("ipv4", { maxFastEchoesPerSecond: budget });
  const start = bench.clock.monotonicSeconds();
  bench.transport.fate = ({ sentAtSeconds }) => {
    const at = sentAtSeconds - start;
    return at >= fromSeconds && at < toSeconds ? silent() : answered(0.01);
  };
  return bench;
}

test("a stream that loses a grid echo is probed at once, then at its fast interval", () => {
  const bench = benchDownFrom(0, 1000);
  bench.set(1, PACED);
  bench.run(15);
  const [grid = 0, ...fast] = bench.sentAtMilliseconds();
  assert.deepEqual(
    fast.map((at) => at - grid),
    // Lost after half a second; the deadline is looked at in steps of 4 ms and the loop ticks every 10 ms or 250 ms.
    fast
      .map((_, place) => (place < 10 ? (fast[0] ?? 0) - grid + place * 1000 : undefined))
      .map((at, place) => at ?? (fast[place] ?? 0) - grid),
  );
  assert.ok((fast[0] ?? 0) - grid <= 760, `first fast echo after ${(fast[0] ?? 0) - grid} ms`);
  assert.equal(bench.row(1).fastProbing, 1);
});

test("grid echoes leave when they would without the fast pace", () => {
  const normal = benchDownFrom(20, 200);
  normal.set(1, { ...PACED, fast: undefined });
  normal.run(300);
  const fast = benchDownFrom(20, 200);
  fast.set(1, PACED);
  fast.run(300);
  const sent = new Set(fast.sentAtMilliseconds());
  assert.ok(sent.size > 2 * normal.sentAtMilliseconds().length);
  for (const at of normal.sentAtMilliseconds()) assert.ok(sent.has(at), `an echo at ${at} ms`);
  normal.finish([1]);
  fast.finish([1]);
  assert.deepEqual(
    { echoes: fast.row(1).echoes, lost: fast.row(1).lost },
    { echoes: normal.row(1).echoes, lost: normal.row(1).lost },
  );
});

test("the pace is normal again when the loss window has passed with less loss than the limit", () => {
  const bench = benchDownFrom(0, 15);
  bench.set(1, PACED);
  bench.run(60);
  assert.equal(bench.row(1).fastProbing, 1, "a minute has not passed");
  assert.ok(bench.row(1).lossRatio > 0.05);
  bench.run(30);
  const row = bench.row(1);
  assert.equal(row.fastProbing, 0);
  assert.ok(row.lossRatio < 0.05, `loss ratio ${row.lossRatio}`);
  const sent = bench.transport.sent.length;
  bench.run(50);
  assert.equal(bench.transport.sent.length, sent + 5, "one echo every ten seconds");
});

test("a stream stays at the fast pace as long as it loses more than its limit", () => {
  const bench = benchDownFrom(0, 3600);
  bench.set(1, PACED);
  bench.run(3600);
  assert.equal(bench.row(1).fastProbing, 1);
  assert.ok(bench.row(1).fastEchoes > 3500);
  assert.equal(bench.row(1).fastLost, bench.row(1).fastEchoes);
});

test("fast echoes are counted in their own two counters and in the loss ratio, and nowhere else", () => {
  const bench = benchDownFrom(0, 1);
  bench.transport.fate = ({ index }) => {
    if (index === 0) return silent();
    // Every answer comes twice.
    return { kind: "sent", answers: [{ afterSeconds: 0.01 }, { afterSeconds: 0.02 }] };
  };
  bench.set(1, PACED);
  bench.run(25);
  const row = bench.row(1);
  assert.deepEqual(
    [row.echoes, row.lost, row.duplicateReplies, row.reorderedReplies],
    [2, 1, 1, 0],
    "two grid echoes, one answered twice",
  );
  assert.ok(row.fastEchoes >= 13, `${row.fastEchoes} fast echoes`);
  assert.equal(row.fastLost, 0);
  assert.ok(row.lossRatio < 0.06, "one of some twenty");
  assert.equal(Math.round(row.rttSumSeconds * 1000), 10, "the RTT of one grid echo");
});

test("a true loss of 1 % in bursts is 1 % in the counters with the fast pace on", () => {
  // Down for 36 s of every hour: a day of it, phase by phase.
  const streams = Array.from({ length: 100 }, (_, at) => at + 1);
  const bench = new EchoBench();
  const start = bench.clock.monotonicSeconds();
  bench.transport.fate = ({ sentAtSeconds }) =>
    (sentAtSeconds - start) % 3600 < 36 ? silent() : answered(0.01);
  for (const stream of streams) bench.set(stream, { ...PACED, phase: stream / 100 });
  bench.run(6 * 3600);
  bench.finish(streams);
  let echoes = 0;
  let lost = 0;
  let naiveEchoes = 0;
  let naiveLost = 0;
  for (const stream of streams) {
    const row = bench.row(stream);
    echoes += row.echoes;
    lost += row.lost;
    naiveEchoes += row.echoes + row.fastEchoes;
    naiveLost += row.lost + row.fastLost;
  }
  assert.equal(Math.round((lost / echoes) * 1000), 10, `${lost} of ${echoes} lost`);
  assert.ok(
    naiveLost / naiveEchoes > 0.05,
    `counting all alike would show ${naiveLost} of ${naiveEchoes}`,
  );
});

test("all fast echoes together keep their budget, nobody starves, and what is left out is counted", () => {
  const budget = 50;
  const streams = Array.from({ length: 200 }, (_, at) => at + 1);
  const bench = benchDownFrom(0, 1000, budget);
  for (const stream of streams) bench.set(stream, { ...PACED, phase: stream / 200 });
  // All have failed after eleven seconds.
  bench.run(11);
  const before = streams.map((stream) => bench.row(stream).fastEchoes);
  const skippedBefore = bench.loop.figures().fastEchoesSkipped;
  const seconds = 200;
  bench.run(seconds);
  const sent = streams.map((stream, at) => bench.row(stream).fastEchoes - (before[at] ?? 0));
  const total = sent.reduce((sum, count) => sum + count, 0);
  const skipped = bench.loop.figures().fastEchoesSkipped - skippedBefore;
  assert.ok(total <= budget * (seconds + 1), `${total} fast echoes in ${seconds} s`);
  assert.ok(total >= budget * seconds * 0.9, `${total} fast echoes in ${seconds} s`);
  // Each wants one a second and has its share of a quarter.
  for (const [at, count] of sent.entries()) {
    assert.ok(count >= 40 && count <= 60, `stream ${at + 1} had ${count} in ${seconds} s`);
  }
  const wanted = streams.length * seconds;
  assert.ok(
    Math.abs(total + skipped - wanted) < wanted * 0.02,
    `${total} sent and ${skipped} left out of ${wanted}`,
  );
});

test("thousands that fail in one moment do not send at one moment", () => {
  const budget = 100;
  const streams = Array.from({ length: 200 }, (_, at) => at + 1);
  const bench = benchDownFrom(0, 1000, budget);
  for (const stream of streams) bench.set(stream, { ...PACED, phase: 0.5 });
  bench.run(20);
  const [first = 0] = bench.sentAtMilliseconds();
  const fast = bench.sentAtMilliseconds().filter((at) => at !== first && at !== first + 10_000);
  const perSecond = new Map<number, number>();
  for (const at of fast) {
    const second = Math.floor(at / 1000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  assert.ok(perSecond.size > 5);
  for (const [second, count] of perSecond) {
    assert.ok(count <= budget * 1.1 + 1, `${count} fast echoes in second ${second}`);
  }
});

for (const { name, change } of [
  { name: "loses its address", change: { address: undefined } },
  { name: "is told to have no fast pace", change: { fast: undefined } },
] as const) {
  test(`a stream at the fast pace that ${name} leaves it`, () => {
    const bench = benchDownFrom(0, 1000);
    bench.set(1, PACED);
    bench.run(15);
    assert.equal(bench.row(1).fastProbing, 1);
    bench.set(1, change);
    assert.equal(bench.row(1).fastProbing, 0);
    const sent = bench.transport.sent.length;
    bench.run(9);
    assert.ok(bench.transport.sent.length <= sent + 1);
  });
}

test("an echo still in flight when the address goes begins no extra ones to nowhere", () => {
  const bench = benchDownFrom(0, 1000);
  bench.set(1, PACED);
  while (bench.transport.sent.length === 0) bench.run(0.05);
  bench.set(1, { address: undefined });
  bench.run(100);
  assert.equal(bench.transport.sent.length, 1);
  assert.deepEqual([bench.row(1).lost, bench.row(1).fastProbing], [1, 0]);
});

test("a number that is used again begins at the normal pace", () => {
  const bench = benchDownFrom(0, 15);
  bench.set(1, PACED);
  bench.run(15);
  bench.remove(1);
  bench.set(1, PACED);
  assert.equal(bench.row(1).fastProbing, 0);
  bench.run(40);
  assert.equal(bench.row(1).fastEchoes, 0);
});

test("echoes that were not sent, or are suspect, do not begin the fast pace", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => ({ kind: "refused", errno: 101 });
  bench.set(1, PACED);
  bench.run(100);
  const row = bench.row(1);
  assert.equal(row.unsent, 10);
  assert.deepEqual([row.fastProbing, row.fastEchoes], [0, 0]);
});
