import assert from "node:assert/strict";
import { test } from "node:test";
import { BATCH_NUMBERS, batchMark } from "../../../src/icmp/loop/batch-mark.ts";
import { MAX_STREAMS, type StreamSettings, Streams } from "../../../src/icmp/loop/streams.ts";
import { ADDRESS_WORDS } from "../../../src/icmp/transport.ts";

function address(last: number): Uint32Array {
  return new Uint32Array(ADDRESS_WORDS).fill(last);
}

function settings(changed: Partial<StreamSettings> = {}): StreamSettings {
  return {
    intervalSeconds: 1,
    timeoutSeconds: 2,
    payloadBytes: 56,
    echoesPerInterval: 1,
    echoSpacingSeconds: 0,
    transport: 0,
    profile: 0,
    address: address(1),
    isOneShot: false,
    ...changed,
  };
}

function addressOf(streams: Streams, words: Uint32Array, number: number): number {
  const at = streams.addressWordOf(number);
  const found = words.subarray(at, at + ADDRESS_WORDS);
  assert.ok(found.every((word) => word === found[0]));
  return found[0] ?? 0;
}

test("add() and set() keep every setting", () => {
  const streams = new Streams();
  const wanted = settings({
    intervalSeconds: 120.5,
    timeoutSeconds: 3.25,
    payloadBytes: 65_507,
    echoesPerInterval: 100,
    echoSpacingSeconds: 0.75,
    transport: 1,
    profile: 63,
    isOneShot: true,
  });
  streams.add(5, settings());
  streams.set(5, wanted);
  assert.equal(streams.has(5), true);
  assert.equal(streams.has(4), false);
  assert.equal(streams.isSending(5), true);
  assert.equal(streams.intervalSecondsOf(5), 120.5);
  assert.equal(streams.timeoutSecondsOf(5), 3.25);
  assert.equal(streams.payloadBytesOf(5), 65_507);
  assert.equal(streams.echoesPerIntervalOf(5), 100);
  assert.equal(streams.spacingSecondsOf(5), 0.75);
  assert.equal(streams.transportOf(5), 1);
  assert.equal(streams.profileOf(5), 63);
  assert.equal(streams.isOneShot(5), true);
});

test("handleOf() names the stream until it is removed", () => {
  const streams = new Streams();
  for (const number of [1, 2, MAX_STREAMS & 0xffff]) {
    streams.add(number, settings());
    const handle = streams.handleOf(number);
    assert.notEqual(handle, 0);
    assert.equal(streams.numberOf(handle), number);
    streams.remove(number);
    assert.equal(streams.numberOf(handle), 0);
  }
});

test("numberOf() of 0, which a slot that held no echo gives, is no stream", () => {
  assert.equal(new Streams().numberOf(0), 0);
});

test("a number used again has another handle", () => {
  const streams = new Streams();
  const handles = new Set<number>();
  for (let time = 0; time < 200; time += 1) {
    streams.add(9, settings());
    handles.add(streams.handleOf(9));
    streams.remove(9);
  }
  assert.ok(handles.size >= 200 - 1, `${handles.size} handles`);
});

test("a change of the payload size forgets the echoes in flight, another change does not", () => {
  const streams = new Streams();
  streams.add(1, settings());
  const handle = streams.handleOf(1);
  streams.set(1, settings({ address: address(2), intervalSeconds: 5, profile: 2 }));
  assert.equal(streams.numberOf(handle), 1);
  streams.set(1, settings({ payloadBytes: 57 }));
  assert.equal(streams.numberOf(handle), 0);
  assert.equal(streams.numberOf(streams.handleOf(1)), 1);
});

test("the address before the last change stays known", () => {
  const streams = new Streams();
  streams.add(1, settings({ address: address(1) }));
  assert.equal(addressOf(streams, streams.previousAddresses, 1), 1);
  streams.set(1, settings({ address: address(2) }));
  assert.equal(addressOf(streams, streams.addresses, 1), 2);
  assert.equal(addressOf(streams, streams.previousAddresses, 1), 1);
  streams.set(1, settings({ address: address(2), intervalSeconds: 3 }));
  assert.equal(addressOf(streams, streams.previousAddresses, 1), 1);
});

test("without an address nothing is sent, and the last one stays known", () => {
  const streams = new Streams();
  streams.add(1, settings({ address: address(3) }));
  streams.set(1, settings({ address: undefined }));
  assert.equal(streams.isSending(1), false);
  assert.equal(addressOf(streams, streams.addresses, 1), 3);
});

test("a number used again knows nothing of the addresses before", () => {
  const streams = new Streams();
  streams.add(1, settings({ address: address(3) }));
  streams.set(1, settings({ address: address(4) }));
  streams.remove(1);
  streams.add(1, settings({ address: address(5) }));
  assert.equal(addressOf(streams, streams.addresses, 1), 5);
  assert.equal(addressOf(streams, streams.previousAddresses, 1), 5);
});

test("beginEcho() counts the echoes of a batch and marks its last", () => {
  const streams = new Streams();
  streams.add(1, settings({ echoesPerInterval: 3, echoSpacingSeconds: 0.1 }));
  const marks: number[] = [];
  const places: number[] = [];
  for (let echo = 0; echo < 6; echo += 1) {
    assert.equal(streams.isAtBatchEnd(1), echo % 3 === 0);
    places.push(streams.echoInBatchOf(1));
    marks.push(streams.beginEcho(1));
  }
  assert.deepEqual(places, [0, 1, 2, 0, 1, 2]);
  const [first = 0] = marks;
  const batch = first >> 1;
  const want = [batch, batch + 1].flatMap((of) =>
    [false, false, true].map((last) => batchMark(of, last)),
  );
  assert.deepEqual(marks, want);
});

test("an echo that is a batch by itself is the last of it, and each batch has the next number", () => {
  const streams = new Streams();
  streams.add(1, settings());
  let before = streams.beginEcho(1) >> 1;
  for (let echo = 0; echo < 70_000; echo += 1) {
    const mark = streams.beginEcho(1);
    assert.equal(mark & 1, 1);
    assert.equal(mark >> 1, (before + 1) % BATCH_NUMBERS);
    before = mark >> 1;
  }
});

test("a batch made shorter while it runs ends with the next echo", () => {
  const streams = new Streams();
  streams.add(1, settings({ echoesPerInterval: 4 }));
  streams.beginEcho(1);
  streams.beginEcho(1);
  streams.set(1, settings({ echoesPerInterval: 2 }));
  assert.equal(streams.beginEcho(1) & 1, 1);
  assert.equal(streams.isAtBatchEnd(1), true);
});

test("skipBatch() gives up the rest of a batch", () => {
  const streams = new Streams();
  streams.add(1, settings({ echoesPerInterval: 3 }));
  const mark = streams.beginEcho(1);
  streams.skipBatch(1);
  assert.equal(streams.isAtBatchEnd(1), true);
  assert.equal(streams.echoInBatchOf(1), 0);
  assert.equal(streams.beginEcho(1) >> 1, (mark >> 1) + 1);
});

test("rows grow with the numbers and keep what is there", () => {
  const streams = new Streams();
  streams.add(1, settings({ address: address(7) }));
  const handle = streams.handleOf(1);
  streams.add(5000, settings({ address: address(8) }));
  assert.ok(streams.rows > 5000);
  assert.equal(streams.highest, 5000);
  assert.equal(streams.numberOf(handle), 1);
  assert.equal(addressOf(streams, streams.addresses, 1), 7);
  assert.equal(addressOf(streams, streams.addresses, 5000), 8);
});
