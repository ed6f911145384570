import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { timeoutText } from "../../../src/probe/grpc/grpc-call.ts";
import { MessageCollector, prefixed } from "../../../src/probe/grpc/grpc-message.ts";
import {
  decodeHealthResponse,
  encodeHealthRequest,
} from "../../../src/probe/grpc/health-message.ts";

const responses = [
  { name: "SERVING", bytes: [0x08, 0x01], want: 1 },
  { name: "nothing", bytes: [], want: 0 },
  { name: "the last of several", bytes: [0x08, 0x01, 0x08, 0x02], want: 2 },
  { name: "an unknown varint before it", bytes: [0x10, 0xff, 0x01, 0x08, 0x01], want: 1 },
  { name: "an unknown text after it", bytes: [0x08, 0x01, 0x1a, 0x02, 0x61, 0x62], want: 1 },
  { name: "an unknown fixed32", bytes: [0x1d, 1, 2, 3, 4, 0x08, 0x01], want: 1 },
  { name: "an unknown fixed64", bytes: [0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x08, 0x01], want: 1 },
  { name: "field 1 of another type", bytes: [0x0a, 0x01, 0x61], want: 0 },
  { name: "a negative number", bytes: [0x08, ...Array<number>(9).fill(0xff), 0x01], want: -1 },
  { name: "a varint cut short", bytes: [0x08, 0x80], want: undefined },
  { name: "a tag alone", bytes: [0x08], want: undefined },
  {
    name: "a varint of eleven bytes",
    bytes: [0x08, ...Array<number>(11).fill(0x80)],
    want: undefined,
  },
  {
    name: "more than 64 bits",
    bytes: [0x08, ...Array<number>(9).fill(0xff), 0x7f],
    want: undefined,
  },
  { name: "field 0", bytes: [0x00, 0x01], want: undefined },
  { name: "a group", bytes: [0x0b, 0x0c], want: undefined },
  { name: "a wire type that is none", bytes: [0x0f], want: undefined },
  { name: "a text longer than the message", bytes: [0x1a, 0x05, 0x61], want: undefined },
  {
    name: "a length of exabytes",
    bytes: [0x1a, ...Array<number>(8).fill(0xff), 0x7f],
    want: undefined,
  },
  { name: "a fixed32 cut short", bytes: [0x1d, 1, 2, 3], want: undefined },
] as const;

for (const { name, bytes, want } of responses) {
  test(`decodeHealthResponse() of ${name}`, () => {
    assert.equal(decodeHealthResponse(Uint8Array.from(bytes)), want);
  });
}

test("decodeHealthResponse() gives a number or nothing for whatever bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const status = decodeHealthResponse(bytes);
      assert.ok(status === undefined || Number.isInteger(status));
    }),
  );
});

test("encodeHealthRequest() is field 1 as a text", () => {
  assert.deepEqual(encodeHealthRequest(""), Buffer.alloc(0));
  assert.deepEqual(encodeHealthRequest("ab"), Buffer.of(0x0a, 2, 0x61, 0x62));
});

test("a message comes out of its frame however it is cut", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (message, cuts) => {
        const bytes = prefixed(message);
        const collector = new MessageCollector();
        for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
          const length = cuts[cut % cuts.length] ?? 1;
          assert.equal(collector.message, undefined);
          assert.equal(collector.add(bytes.subarray(at, at + length)), true);
          at += length;
        }
        assert.equal(collector.isCutShort, false);
        assert.deepEqual(collector.message, Buffer.from(message));
      },
    ),
  );
});

const timeouts = [
  { name: "seconds", seconds: 5, want: "5000m" },
  { name: "a part of a millisecond", seconds: 0.0001, want: "1m" },
  { name: "nothing left", seconds: -1, want: "1m" },
  { name: "eight digits", seconds: 99_999.999, want: "99999999m" },
  { name: "more than eight digits", seconds: 100_000, want: "100000S" },
  { name: "years", seconds: 1e12, want: "99999999S" },
] as const;

for (const { name, seconds, want } of timeouts) {
  test(`timeoutText() of ${name}`, () => {
    assert.equal(timeoutText(seconds), want);
  });
}
