import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ControlMessages } from "../../../../src/icmp/transport/kernel/control-messages.ts";
import * as c from "../../../../src/icmp/transport/kernel/libc.ts";

type Message = { readonly level: number; readonly type: number; readonly data: readonly number[] };

/** Control data as the kernel lays it out, at `offset` of a larger block. @see cmsg(3) */
function block(messages: readonly Message[], offset = 16): { bytes: Uint8Array; length: number } {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  let at = offset;
  for (const { level, type, data } of messages) {
    view.setBigUint64(at, BigInt(16 + data.length), true);
    view.setInt32(at + 8, level, true);
    view.setInt32(at + 12, type, true);
    bytes.set(data, at + 16);
    at += Math.ceil((16 + data.length) / 8) * 8;
  }
  return { bytes, length: at - offset };
}

function read(messages: readonly Message[]): ControlMessages {
  const { bytes, length } = block(messages);
  const control = new ControlMessages();
  control.read(bytes, new Uint32Array(bytes.buffer), 16, length);
  return control;
}

function longs(...values: bigint[]): number[] {
  return [...new Uint8Array(BigInt64Array.from(values).buffer)];
}

const stamp: Message = {
  level: c.SOL_SOCKET,
  type: c.SO_TIMESTAMPING,
  // struct scm_timestamping: three timespecs, the first is the software stamp.
  data: longs(1_700_000_000n, 999_999_999n, 0n, 0n, 0n, 0n),
};

test("a software stamp is read as seconds and nanoseconds", () => {
  const control = read([stamp]);
  assert.equal(control.seconds, 1_700_000_000);
  assert.equal(control.nanoseconds, 999_999_999);
});

test("a hop limit is read beside a stamp, in either order", () => {
  const hopLimit: Message = { level: c.SOL_IPV6, type: c.IPV6_HOPLIMIT, data: [57, 0, 0, 0] };
  for (const messages of [
    [stamp, hopLimit],
    [hopLimit, stamp],
  ]) {
    const control = read(messages);
    assert.equal(control.hopLimit, 57);
    assert.equal(control.seconds, 1_700_000_000);
  }
});

test("an extended error is read: origin, type, code and data", () => {
  for (const [level, type] of [
    [c.SOL_IP, c.IP_RECVERR],
    [c.SOL_IPV6, c.IPV6_RECVERR],
  ] as const) {
    // struct sock_extended_err: errno u32, origin, type, code, pad, info u32, data u32.
    const control = read([
      { level, type, data: [42, 0, 0, 0, 4, 3, 1, 0, 0, 0, 0, 0, 9, 1, 0, 0] },
    ]);
    assert.equal(control.errorOrigin, 4);
    assert.equal(control.errorType, 3);
    assert.equal(control.errorCode, 1);
    assert.equal(control.errorData, 0x109);
  }
});

test("read() forgets the message before", () => {
  const { bytes, length } = block([stamp]);
  const words = new Uint32Array(bytes.buffer);
  const control = new ControlMessages();
  control.read(bytes, words, 16, length);
  control.read(bytes, words, 16, 0);
  assert.equal(control.seconds, 0);
  assert.equal(control.hopLimit, Number.NaN);
  assert.equal(control.errorOrigin, -1);
});

test("read() ends on any bytes, and reads nothing beyond its length", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 512, maxLength: 512 }),
      fc.integer({ min: 0, max: 192 }),
      fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 4 }),
      (bytes, length, lengths) => {
        const aligned = Uint8Array.from(bytes);
        const words = new Uint32Array(aligned.buffer);
        // Lengths that lead somewhere now and then.
        for (const [at, value] of lengths.entries()) words[4 + at * 6] = value;
        new ControlMessages().read(aligned, words, 16, length);
      },
    ),
  );
});
