import assert from "node:assert/strict";
import { test } from "node:test";
import { errorSeconds } from "../../bench/accuracy/outcome.ts";
import { framesOf } from "../../bench/accuracy/pcap.ts";
import { histogramQuantile, quantile } from "../../bench/accuracy/statistics.ts";
import { addressNumber, echoKey, type RttBounds, readWire } from "../../bench/accuracy/wire.ts";

const NEAR = "10.87.0.1";
const HOST = "10.88.0.1";

type Packet = {
  readonly type: "request" | "reply";
  readonly host?: string;
  readonly sequence: number;
  readonly atSeconds: number;
  readonly nanoseconds: number;
};

/** A capture file as tcpdump writes it, of Ethernet frames cut behind the ICMP header. */
function captureOf(packets: readonly Packet[]): DataView {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2_3c4d, 0);
  header.writeUInt32LE(1, 20);
  const frames = packets.map(({ type, host = HOST, sequence, atSeconds, nanoseconds }) => {
    const frame = Buffer.alloc(16 + 14 + 20 + 8);
    frame.writeUInt32LE(atSeconds, 0);
    frame.writeUInt32LE(nanoseconds, 4);
    frame.writeUInt32LE(frame.length - 16, 8);
    frame.writeUInt16BE(0x0800, 16 + 12);
    frame.writeUInt8(0x45, 30);
    frame.writeUInt8(1, 30 + 9);
    const [source, destination] = type === "request" ? [NEAR, host] : [host, NEAR];
    frame.writeUInt32BE(addressNumber(source), 30 + 12);
    frame.writeUInt32BE(addressNumber(destination), 30 + 16);
    frame.writeUInt8(type === "request" ? 8 : 0, 50);
    frame.writeUInt16BE(7, 54);
    frame.writeUInt16BE(sequence, 56);
    return frame;
  });
  const bytes = Buffer.concat([header, ...frames]);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @param arrivals Requests as the far device stamped them. */
function truthOf(packets: readonly Packet[], arrivals: readonly Packet[] = []) {
  const [near, far] = [packets, arrivals].map((captured) => {
    const bytes = captureOf(captured);
    return { bytes, frames: framesOf(bytes) };
  });
  assert.ok(near !== undefined && far !== undefined);
  return readWire(near, far, [HOST]);
}

const microseconds = (seconds: number): number => Math.round(seconds * 1e9) / 1e3;
const longest = (rtts: readonly RttBounds[] = []): readonly number[] =>
  rtts.map(({ atMost }) => microseconds(atMost));
const shortest = (rtts: readonly RttBounds[] = []): readonly number[] =>
  rtts.map(({ atLeast }) => microseconds(atLeast));

const request = { type: "request", sequence: 1, atSeconds: 1_800_000_000 } as const;
const reply = { ...request, type: "reply" } as const;

test("readWire() subtracts nanosecond stamps over a full second without rounding", () => {
  const truth = truthOf([
    { ...request, nanoseconds: 999_999_000 },
    { ...reply, atSeconds: request.atSeconds + 1, nanoseconds: 3_250 },
  ]);
  assert.deepEqual(longest(truth.echoes), [4.25]);
  assert.deepEqual([truth.requests, truth.unanswered], [1, 0]);
});

test("readWire() tells the echoes of one sequence number apart, in order", () => {
  const truth = truthOf([
    { ...request, nanoseconds: 0 },
    { ...reply, nanoseconds: 1_000 },
    { ...request, nanoseconds: 10_000 },
    { ...reply, nanoseconds: 12_000 },
  ]);
  const key = echoKey(addressNumber(HOST), 7, 1);
  assert.deepEqual(longest(truth.echoesByKey.get(key)), [1, 2]);
});

test("readWire() bounds each echo from below by the arrival of its own request", () => {
  const truth = truthOf(
    [
      { ...request, nanoseconds: 0 },
      { ...reply, nanoseconds: 5_000 },
      { ...request, nanoseconds: 10_000 },
      { ...reply, nanoseconds: 17_000 },
    ],
    [
      { ...request, nanoseconds: 1_000 },
      { ...request, nanoseconds: 14_000 },
    ],
  );
  assert.deepEqual(shortest(truth.echoes), [4, 3]);
  assert.deepEqual(longest(truth.echoes), [5, 7]);
});

test("readWire() tells how long the device had been quiet before each request", () => {
  const { echoes } = truthOf([
    { ...request, nanoseconds: 0 },
    { ...reply, nanoseconds: 5_000 },
    { ...request, nanoseconds: 12_000 },
    { ...reply, nanoseconds: 17_000 },
  ]);
  assert.deepEqual(
    echoes.map(({ quietSeconds }) => microseconds(quietSeconds)),
    [Number.POSITIVE_INFINITY, 7],
  );
});

const errors = [
  { name: "above both bounds", seconds: 9, want: 2 },
  { name: "below both bounds", seconds: 4, want: -1 },
  { name: "between them", seconds: 6, want: 0 },
  { name: "unknown", seconds: Number.NaN, want: Number.NaN },
] as const;

for (const { name, seconds, want } of errors) {
  test(`errorSeconds() of a figure ${name}`, () => {
    assert.equal(errorSeconds(seconds, { atLeast: 5, atMost: 7 }), want);
  });
}

test("readWire() counts requests without a reply, also where their number was used again", () => {
  const truth = truthOf([
    { ...request, nanoseconds: 0 },
    { ...request, nanoseconds: 10_000 },
    { ...reply, nanoseconds: 12_000 },
    { ...reply, nanoseconds: 13_000 },
    { ...request, sequence: 2, nanoseconds: 20_000 },
  ]);
  assert.deepEqual([truth.requests, truth.unanswered], [3, 2]);
  assert.deepEqual(longest(truth.echoes), [2]);
});

test("readWire() passes over hosts that were not asked for", () => {
  const other = "10.88.0.2";
  const truth = truthOf([{ ...request, host: other, nanoseconds: 0 }]);
  assert.equal(truth.requests, 0);
});

test("framesOf() leaves out a last packet that was cut off", () => {
  const file = captureOf([
    { ...request, nanoseconds: 0 },
    { ...reply, nanoseconds: 1_000 },
  ]);
  const cut = new DataView(file.buffer, file.byteOffset, file.byteLength - 1);
  assert.equal([...framesOf(cut)].length, 1);
});

test("framesOf() refuses a capture in microseconds", () => {
  const file = captureOf([]);
  file.setUint32(0, 0xa1b2_c3d4, true);
  assert.throws(() => [...framesOf(file)], /no nanosecond stamps/);
});

test("quantile() is the nearest rank", () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  assert.equal(quantile(values, 0.99), 198);
});

test("histogramQuantile() is linear within its bucket and stops at the last bound", () => {
  const buckets = [
    { upTo: 1, count: 0 },
    { upTo: 3, count: 50 },
    { upTo: Number.POSITIVE_INFINITY, count: 100 },
  ];
  assert.equal(histogramQuantile(buckets, 0.25), 2);
  assert.equal(histogramQuantile(buckets, 0.99), 3);
});
