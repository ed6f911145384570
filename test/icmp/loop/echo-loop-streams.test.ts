import assert from "node:assert/strict";
import { test } from "node:test";
import { EchoBench } from "../../support/echo-bench.ts";
import { addressOf, answered, silent } from "../../support/fake-transport.ts";

test("two streams with one address both get their results", () => {
  const bench = new EchoBench();
  bench.transport.fate = ({ index }) => (index % 2 === 0 ? answered(0.02) : silent());
  bench.set(1);
  bench.set(2, { phase: 0.5 });
  bench.run(4.6);
  bench.finish([1, 2]);
  const rows = [bench.row(1), bench.row(2)].toSorted((a, b) => a.lost - b.lost);
  assert.deepEqual(
    rows.map(({ echoes, lost }) => ({ echoes, lost })),
    [
      { echoes: 4, lost: 0 },
      { echoes: 5, lost: 5 },
    ].map(({ lost }, at) => ({
      echoes: rows[at]?.echoes,
      lost: lost === 0 ? 0 : rows[at]?.echoes,
    })),
  );
  assert.equal(rows[0]?.up, 1);
  assert.equal(rows[1]?.up, 0);
});

test("an echo in flight counts when the address changes before its reply", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(0.3);
  bench.set(1);
  bench.run(1.1);
  bench.set(1, { address: addressOf("192.0.2.2") });
  bench.run(1);
  const row = bench.row(1);
  assert.equal(row.lost, 0);
  assert.equal(row.echoes, 1);
  assert.deepEqual(
    bench.transport.sent.map(({ address }) => address),
    [addressOf("192.0.2.1"), addressOf("192.0.2.2")],
  );
  bench.finish([1]);
  assert.equal(bench.row(1).echoes, 2);
  assert.equal(bench.loop.figures().foreignPackets, 0);
});

test("a change of the address keeps the phase", () => {
  const bench = new EchoBench();
  bench.set(1, { phase: 0.25 });
  bench.run(3);
  bench.set(1, { address: addressOf("192.0.2.2") });
  bench.run(3);
  const [first = 0] = bench.sentAtMilliseconds();
  assert.deepEqual(
    bench.sentAtMilliseconds(),
    [0, 1, 2, 3, 4, 5].map((second) => first + second * 1000),
  );
});

test("an echo in flight counts when the target moves to the other family", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(0.3);
  bench.second.fate = () => answered(0.4);
  bench.set(1);
  bench.run(1.1);
  bench.set(1, { transport: 1, address: addressOf("2001:db8::7") });
  bench.run(2.5);
  bench.finish([1]);
  assert.equal(bench.row(1).echoes, bench.transport.sent.length + bench.second.sent.length);
  assert.equal(bench.row(1).lost, 0);
  assert.equal(bench.second.sent.length, 2);
});

test("a change of the payload size forgets what is in flight and invents neither loss nor damage", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(0.3);
  bench.set(1);
  bench.run(1.1);
  bench.set(1, { payloadBytes: 1400 });
  bench.run(3.9);
  bench.finish([1]);
  const row = bench.row(1);
  assert.equal(row.echoes, bench.transport.sent.length - 1);
  assert.equal(row.lost, 0);
  assert.equal(row.corruptReplies, 0);
  assert.equal(bench.transport.sent.at(-1)?.payloadBytes, 1400);
});

test("a stream that is removed sends no more, and a reply to it is nobody's", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(0.3);
  bench.set(1);
  bench.run(1.1);
  bench.remove(1);
  bench.run(5);
  assert.equal(bench.transport.sent.length, 1);
  assert.equal(bench.loop.figures().foreignPackets, 1);
});

test("a number used again counts nothing of the stream before", () => {
  const bench = new EchoBench();
  bench.transport.fate = ({ index }) => (index === 0 ? answered(0.3) : silent());
  bench.set(1, { phase: 0.5 });
  bench.set(2, { phase: 0.51 });
  bench.run(0.6);
  assert.equal(bench.transport.sent.length, 2);
  for (const number of [1, 2]) {
    bench.remove(number);
    bench.set(number, { intervalSeconds: 100, phase: 0.99 });
  }
  bench.run(10);
  for (const number of [1, 2]) {
    const row = bench.row(number);
    assert.equal(row.echoes, 0);
    assert.equal(row.lost, 0);
    assert.equal(row.up, Number.NaN);
  }
});

test("without an address nothing is sent; what is in flight still ends", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(0.3);
  bench.set(1);
  bench.run(1.1);
  bench.set(1, { address: undefined });
  bench.run(3);
  assert.equal(bench.transport.sent.length, 1);
  assert.equal(bench.row(1).echoes, 1);
  bench.set(1, { address: addressOf("192.0.2.1") });
  bench.run(2);
  assert.equal(bench.transport.sent.length, 3);
});

test("a dead target goes down although its timeout is longer than its interval", () => {
  for (const timeoutSeconds of [1, 2, 5, 12]) {
    const bench = new EchoBench();
    bench.transport.fate = ({ index }) => (index === 0 ? answered(0.01) : silent());
    bench.set(1, { timeoutSeconds });
    bench.run(1.5);
    assert.equal(bench.row(1).up, 1);
    bench.run(timeoutSeconds + 2);
    assert.equal(bench.row(1).up, 0, `timeout ${timeoutSeconds} s`);
    assert.equal(bench.row(1).lastRttSeconds, Number.NaN);
  }
});

test("the echoes of an interval leave with their spacing, on the grid of the first", () => {
  const bench = new EchoBench();
  bench.set(1, { intervalSeconds: 10, echoesPerInterval: 4, echoSpacingSeconds: 1, phase: 0.2 });
  bench.run(40);
  const sent = bench.sentAtMilliseconds();
  const [first = 0] = sent;
  assert.equal(first, 5_002_000);
  assert.deepEqual(
    sent,
    [0, 10, 20, 30].flatMap((batch) => [0, 1, 2, 3].map((at) => first + (batch + at) * 1000)),
  );
});

for (const stalledFor of [0.15, 1.15, 2.15, 7, 25]) {
  test(`a stall of ${stalledFor} s within a batch leaves the grid where it was`, () => {
    const bench = new EchoBench();
    bench.set(1, { intervalSeconds: 10, echoesPerInterval: 4, echoSpacingSeconds: 1 });
    bench.run(11.95);
    assert.equal(bench.transport.sent.length, 2, "the first two of four");
    bench.stall(stalledFor);
    bench.run(60);
    // Batches begin at whole tens of seconds, whatever was missed.
    const afterStall = bench.sentAtMilliseconds().slice(2);
    assert.ok(afterStall.length >= 12);
    // A little late is better than not sent: few echoes a second make no burst.
    const isCaughtUp = stalledFor < 1;
    if (isCaughtUp) assert.equal(afterStall[0], 5_012_100);
    for (const at of afterStall.slice(isCaughtUp ? 1 : 0))
      assert.ok(at % 10_000 <= 3000 && at % 1000 === 0, `sent at ${at}`);
  });
}

for (const change of [
  { name: "fewer echoes", to: { echoesPerInterval: 1 } },
  { name: "more echoes", to: { echoesPerInterval: 6 } },
  { name: "another spacing", to: { echoSpacingSeconds: 0.5 } },
]) {
  test(`a change to ${change.name} in the midst of a batch leaves the grid where it was`, () => {
    const bench = new EchoBench();
    bench.set(1, { intervalSeconds: 10, echoesPerInterval: 4, echoSpacingSeconds: 1 });
    bench.run(12.5);
    bench.set(1, change.to);
    bench.run(40);
    const starts = bench
      .sentAtMilliseconds()
      .filter((at, place, all) => at - (all[place - 1] ?? 0) > 3500);
    assert.ok(starts.length >= 4);
    for (const at of starts) assert.equal(at % 10_000, 0, `a batch began at ${at}`);
  });
}

test("what a stall made too late is dropped and counted, not sent in a burst", () => {
  const bench = new EchoBench();
  for (let stream = 1; stream <= 50; stream += 1) bench.set(stream, { phase: stream / 50 });
  bench.run(2);
  const before = bench.transport.sent.length;
  bench.stall(5);
  bench.loop.tick();
  const burst = bench.transport.sent.length - before;
  // What was due within the last 100 ms is a tenth of the streams.
  assert.ok(burst <= 6, `${burst} at once`);
  assert.equal(bench.loop.figures().missedTicks, 5 * 50 - burst);
  bench.run(1);
  assert.equal(bench.transport.sent.length - before, burst + 50);
});

test("phases spread the streams over the interval", () => {
  const bench = new EchoBench();
  for (let stream = 1; stream <= 100; stream += 1) bench.set(stream, { phase: (stream - 1) / 100 });
  bench.run(2);
  const perTick = new Map<number, number>();
  for (const at of bench.sentAtMilliseconds()) perTick.set(at, (perTick.get(at) ?? 0) + 1);
  assert.equal(bench.transport.sent.length, 200);
  assert.ok(Math.max(...perTick.values()) <= 2);
});

test("how late echoes left is counted for every echo sent", () => {
  const bench = new EchoBench();
  bench.set(1);
  bench.run(2.5);
  bench.stall(0.55);
  bench.run(1);
  const { count, sumSeconds } = bench.loop.figures().sendLag;
  assert.equal(count, bench.transport.sent.length);
  assert.ok(Math.abs(sumSeconds - 0.05) < 1e-3, `${sumSeconds} s late in all`);
});

test("a one-shot echo leaves at once and tells its end, in no tally", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(0.02);
  bench.run(0.3);
  bench.set(9, { isOneShot: true, intervalSeconds: 1, payloadBytes: 1000 });
  assert.equal(bench.transport.sent.length, 1);
  bench.run(0.5);
  assert.equal(bench.ends.length, 1);
  const [end] = bench.ends;
  assert.equal(end?.stream, 9);
  assert.ok(end?.outcome.kind === "answered");
  assert.ok(Math.abs(end.outcome.rttSeconds - 0.02) < 1e-8);
  assert.equal(end.outcome.hopLimit, 60);
  bench.run(5);
  assert.equal(bench.transport.sent.length, 1, "once");
  assert.equal(bench.ends.length, 1);
  assert.equal(bench.row(9).echoes, 0);
});

test("a one-shot echo that is lost tells what an ICMP error said", () => {
  const bench = new EchoBench();
  bench.transport.fate = ({ index }) => ({
    kind: "sent",
    answers: index === 0 ? [{ afterSeconds: 0.1, error: "ttl_exceeded" }] : [],
  });
  bench.set(8, { isOneShot: true });
  bench.set(9, { isOneShot: true });
  bench.run(2);
  assert.deepEqual(
    bench.ends.toSorted((a, b) => a.stream - b.stream),
    [
      {
        stream: 8,
        outcome: { kind: "lost", explanation: { reason: "ttl_exceeded", reportedBy: undefined } },
      },
      { stream: 9, outcome: { kind: "lost", explanation: undefined } },
    ],
  );
});

test("a one-shot echo that the kernel refuses ends at once with the name of the error", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => ({ kind: "refused", errno: 101 });
  bench.set(9, { isOneShot: true });
  assert.deepEqual(bench.ends, [{ stream: 9, outcome: { kind: "unsent", errno: "ENETUNREACH" } }]);
});

test("replies to a one-shot echo after its end are counted nowhere", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => ({
    kind: "sent",
    answers: [{ afterSeconds: 0.02 }, { afterSeconds: 0.03 }],
  });
  bench.set(9, { isOneShot: true });
  bench.run(0.3);
  bench.remove(9);
  bench.run(2);
  assert.equal(bench.ends.length, 1);
});
