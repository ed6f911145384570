import assert from "node:assert/strict";
import { test } from "node:test";
import { LOSS_REASONS } from "../../../src/icmp/echo.ts";
import { EchoBench } from "../../support/echo-bench.ts";
import { addressOf, answered, type FakeAnswer } from "../../support/fake-transport.ts";

function near(got: number, want: number, tolerance = 1e-6): void {
  assert.ok(Math.abs(got - want) <= tolerance, `${got} is not ${want}`);
}

for (const family of ["ipv4", "ipv6"] as const) {
  test(`every echo of ${family} ends, answered ones with the time between the kernel's stamps`, () => {
    const bench = new EchoBench(family);
    bench.transport.fate = () => answered(0.0123);
    bench.set(1);
    bench.run(10.5);
    bench.finish([1]);
    const row = bench.row(1);
    assert.equal(row.echoes, bench.transport.sent.length);
    assert.equal(row.echoes, 10);
    assert.equal(row.lost, 0);
    // Ticks come every quarter of a second here: the time is not theirs.
    near(row.lastRttSeconds, 0.0123, 2e-9);
    near(row.rttSumSeconds, 10 * 0.0123, 1e-7);
    assert.equal(row.replyHopLimit, 60);
    assert.equal(row.up, 1);
  });
}

test("a reply that waited in the buffer while the agent stood still is answered, not lost", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(0.9);
  bench.set(1);
  bench.run(1);
  assert.equal(bench.transport.sent.length, 1);
  bench.stall(3);
  bench.finish([1]);
  const row = bench.row(1);
  assert.equal(row.echoes, 1);
  assert.equal(row.lost, 0);
  near(row.lastRttSeconds, 0.9, 2e-9);
});

test("an echo that a stall kept from leaving has its whole timeout", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(0.5);
  bench.transport.onQueue = () => {
    if (bench.transport.sent.length === 0) bench.stall(3);
  };
  bench.set(1);
  bench.run(1);
  assert.equal(bench.transport.sent.length, 1);
  bench.finish([1]);
  const row = bench.row(1);
  assert.equal(row.lost, 0);
  near(row.lastRttSeconds, 0.5, 2e-9);
});

test("no deadline falls while a flood keeps the socket from being drained", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(0.9);
  bench.set(1);
  bench.set(2);
  bench.run(1);
  bench.transport.drainLimit = 1;
  bench.stall(3);
  bench.loop.tick();
  assert.equal(bench.row(1).lost + bench.row(2).lost, 0);
  bench.loop.tick();
  assert.equal(bench.row(1).lost + bench.row(2).lost, 0);
  assert.equal(bench.row(1).echoes + bench.row(2).echoes, 2);
});

for (const stallSeconds of [0, 4]) {
  test(`a late reply is counted, and its echo stays lost (stalled ${stallSeconds} s)`, () => {
    const bench = new EchoBench();
    bench.transport.fate = () => answered(1.5);
    bench.set(1);
    bench.run(1);
    bench.stall(stallSeconds);
    bench.finish([1]);
    const row = bench.row(1);
    assert.equal(row.echoes, 1);
    assert.equal(row.lost, 1);
    assert.equal(row.lateReplies, 1);
    assert.equal(row.duplicateReplies, 0);
    assert.equal(row.rttSumSeconds, 0);
    assert.equal(row.up, 0);
  });
}

test("a reply is known to be late ten seconds after its deadline", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(11);
  bench.set(1);
  bench.run(1);
  bench.finish([1], 15);
  assert.equal(bench.row(1).lateReplies, 1);
  assert.equal(bench.loop.figures().foreignPackets, 0);
});

const replies: readonly {
  name: string;
  answers: readonly FakeAnswer[];
  want: Partial<ReturnType<EchoBench["row"]>>;
  foreign?: number;
}[] = [
  {
    name: "twice",
    answers: [{ afterSeconds: 0.01 }, { afterSeconds: 0.02 }],
    want: { echoes: 1, lost: 0, duplicateReplies: 1, lastRttSeconds: 0.01 },
  },
  {
    name: "in time and once more after the deadline",
    answers: [{ afterSeconds: 0.01 }, { afterSeconds: 1.7 }],
    want: { echoes: 1, lost: 0, duplicateReplies: 1, lateReplies: 0 },
  },
  {
    name: "late twice",
    answers: [{ afterSeconds: 1.2 }, { afterSeconds: 1.4 }],
    want: { echoes: 1, lost: 1, duplicateReplies: 1, lateReplies: 1 },
  },
  {
    name: "damaged in the filler, under a right checksum",
    answers: [{ afterSeconds: 0.01, damage: flip(40) }],
    want: { echoes: 1, lost: 1, corruptReplies: 1, up: 0 },
  },
  {
    name: "damaged in the cookie, under a right checksum",
    answers: [{ afterSeconds: 0.01, damage: flip(9) }],
    want: { echoes: 1, lost: 1, corruptReplies: 1 },
  },
  {
    name: "damaged, then intact",
    answers: [{ afterSeconds: 0.01, damage: flip(40) }, { afterSeconds: 0.02 }],
    want: { echoes: 1, lost: 0, corruptReplies: 1, lastRttSeconds: 0.02, up: 1 },
  },
  {
    name: "under a wrong checksum",
    answers: [{ afterSeconds: 0.01, damage: flip(2), isChecksumKept: true }],
    want: { echoes: 1, lost: 1, corruptReplies: 1 },
  },
  {
    name: "cut short",
    answers: [{ afterSeconds: 0.01, damage: (message) => message.slice(0, 60) }],
    want: { echoes: 1, lost: 1, corruptReplies: 1 },
  },
  {
    name: "cut within the header",
    answers: [{ afterSeconds: 0.01, damage: (message) => message.slice(0, 7) }],
    want: { echoes: 1, lost: 1, corruptReplies: 0 },
    foreign: 1,
  },
  {
    name: "from an address that was not asked",
    answers: [{ afterSeconds: 0.01, from: addressOf("192.0.2.99") }],
    want: { echoes: 1, lost: 1, duplicateReplies: 0 },
    foreign: 1,
  },
  {
    name: "with an identifier below ours",
    answers: [{ afterSeconds: 0.01, damage: set(4, 0x12, 0x2f) }],
    want: { echoes: 1, lost: 1, corruptReplies: 0 },
    foreign: 1,
  },
  {
    name: "with the last of our identifiers, which is not in use",
    answers: [{ afterSeconds: 0.01, damage: set(4, 0x12, 0x3f) }],
    want: { echoes: 1, lost: 1, corruptReplies: 0 },
    foreign: 1,
  },
  {
    name: "with a sequence number that was never sent",
    answers: [{ afterSeconds: 0.01, damage: set(6, 0x77, 0x77) }],
    want: { echoes: 1, lost: 1, corruptReplies: 0 },
    foreign: 1,
  },
  {
    name: "with a whole cookie of another echo",
    answers: [{ afterSeconds: 0.01, damage: set(8, 1, 2, 3, 4, 254, 253, 252, 251) }],
    want: { echoes: 1, lost: 1, corruptReplies: 0, duplicateReplies: 0 },
    foreign: 1,
  },
];

function flip(at: number): (message: Uint8Array) => Uint8Array {
  return (message) => message.map((byte, place) => (place === at ? byte ^ 0x10 : byte));
}

function set(at: number, ...bytes: number[]): (message: Uint8Array) => Uint8Array {
  return (message) => message.map((byte, place) => bytes[place - at] ?? byte);
}

for (const { name, answers, want, foreign = 0 } of replies) {
  test(`a reply ${name}`, () => {
    const bench = new EchoBench();
    bench.transport.fate = () => ({ kind: "sent", answers });
    bench.set(1);
    bench.run(1);
    assert.equal(bench.transport.sent.length, 1);
    bench.finish([1]);
    const row = bench.row(1);
    for (const [key, value] of Object.entries(want)) {
      near(row[key as keyof typeof row], value, 2e-9);
    }
    assert.equal(bench.loop.figures().foreignPackets, foreign);
  });
}

test("a reply overtaken by that of a later echo is reordered", () => {
  const bench = new EchoBench();
  bench.transport.fate = ({ index }) => answered(index === 1 ? 0.35 : 0.01);
  bench.set(1, { intervalSeconds: 0.1 });
  bench.run(1);
  bench.finish([1]);
  assert.equal(bench.row(1).reorderedReplies, 1);
  assert.equal(bench.row(1).lost, 0);
});

test("a send that the kernel refuses is unsent: neither an echo nor a loss", () => {
  const bench = new EchoBench();
  bench.transport.fate = ({ index }) =>
    index === 1 ? { kind: "refused", errno: 101 } : answered(0.01);
  bench.set(1);
  bench.run(3);
  bench.finish([1]);
  const row = bench.row(1);
  assert.equal(row.unsent, 1);
  assert.equal(row.echoes, 2);
  assert.equal(row.lost, 0);
});

test("a target that cannot be sent to is down", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => ({ kind: "refused", errno: 101 });
  bench.set(1);
  bench.run(2);
  assert.equal(bench.row(1).up, 0);
});

test("an ICMP error becomes the reason at the deadline", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => ({
    kind: "sent",
    answers: [{ afterSeconds: 0.1, error: "host_unreachable" }],
  });
  bench.set(1);
  bench.run(1.5);
  assert.equal(bench.row(1).lost, 0, "not before");
  bench.finish([1]);
  assert.equal(bench.row(1).lost, 1);
  const reasons = bench.column("lostByReason").subarray(LOSS_REASONS.length);
  assert.equal(reasons[LOSS_REASONS.indexOf("host_unreachable")], 1);
});

test("a reply in time overrules an ICMP error", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => ({
    kind: "sent",
    answers: [{ afterSeconds: 0.1, error: "host_unreachable" }, { afterSeconds: 0.5 }],
  });
  bench.set(1);
  bench.run(1);
  bench.finish([1]);
  assert.equal(bench.row(1).lost, 0);
  assert.ok(bench.column("lostByReason").every((count) => count === 0));
});

test("an ICMP error about another address explains nothing", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => ({
    kind: "sent",
    answers: [{ afterSeconds: 0.1, error: "prohibited", from: addressOf("192.0.2.99") }],
  });
  bench.set(1);
  bench.run(1);
  bench.finish([1]);
  assert.equal(bench.row(1).lost, 1);
  assert.ok(bench.column("lostByReason").every((count) => count === 0));
  assert.equal(bench.loop.figures().foreignPackets, 1);
});
