import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { internetChecksum } from "../../../../src/icmp/packet.ts";
import {
  writeIcmpv6Checksum,
  writeIpv4Header,
  writeIpv6Header,
} from "../../../../src/icmp/transport/raw-socket/ip-header.ts";
import { addressBytes } from "../../../../src/runtime/address.ts";

function bytesOf(address: string): Uint8Array {
  const bytes = addressBytes(address);
  assert.ok(bytes !== undefined);
  return bytes;
}

const v4 = {
  source: bytesOf("192.0.2.1"),
  destination: bytesOf("198.51.100.2"),
  hopLimit: 64,
  dscp: 46,
};
const v6 = {
  source: bytesOf("2001:db8::1"),
  destination: bytesOf("2001:db8::2"),
  hopLimit: 9,
  dscp: 46,
};
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("writeIpv4Header() leaves length, identification and checksum to the kernel", () => {
  const bytes = new Uint8Array(22).fill(0xee);
  writeIpv4Header(bytes, 1, v4, true);
  assert.equal(hex(bytes), `ee45b800000000400040010000c0000201c6336402ee`);
});

test("writeIpv4Header() of a fragment has its offset in units of eight bytes", () => {
  const bytes = new Uint8Array(20);
  writeIpv4Header(bytes, 0, v4, false, {
    identification: 0xabcd,
    offsetBytes: 1256,
    hasMore: true,
  });
  assert.equal(hex(bytes.subarray(4, 8)), "abcd209d");
});

test("writeIpv6Header() splits the traffic class over two bytes", () => {
  const bytes = new Uint8Array(40).fill(0xee);
  writeIpv6Header(bytes, 0, v6, 64);
  assert.equal(
    hex(bytes),
    `6b80000000403a09${"20010db8000000000000000000000001"}${"20010db8000000000000000000000002"}`,
  );
});

test("writeIpv6Header() of the last fragment", () => {
  const bytes = new Uint8Array(48).fill(0xee);
  writeIpv6Header(bytes, 0, v6, 10, {
    identification: 0x0001_0002,
    offsetBytes: 1232,
    hasMore: false,
  });
  assert.equal(hex(bytes.subarray(4, 8)), "00122c09");
  assert.equal(hex(bytes.subarray(40)), "3a0004d000010002");
});

test("writeIcmpv6Checksum() makes the sum over pseudo-header and message come out right", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 200 }), (message) => {
      const bytes = Uint8Array.from([1, 2, ...message]);
      writeIcmpv6Checksum(bytes, 2, message.length, v6);
      const pseudo = [...v6.source, ...v6.destination, 0, 0, 0, message.length, 0, 0, 0, 58];
      assert.equal(internetChecksum(Uint8Array.from([...pseudo, ...bytes.subarray(2)])), 0);
    }),
  );
});
