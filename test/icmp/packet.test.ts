import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  ECHO_REQUEST_V4,
  ECHO_REQUEST_V6,
  fillerSum,
  ICMP_HEADER_BYTES,
  identifierAt,
  internetChecksum,
  PAYLOAD,
  payloadVerdict,
  sequenceAt,
  writeEchoRequest,
  writeFiller,
} from "../../src/icmp/packet.ts";

const cases = [
  // The worked example of RFC 1071 section 3: the sum is ddf2, so the checksum is 220d.
  {
    name: "RFC 1071 example",
    bytes: [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7],
    want: 0x220d,
  },
  { name: "empty packet", bytes: [], want: 0xffff },
  { name: "odd length pads low byte", bytes: [0x01], want: 0xfeff },
  { name: "odd length after a whole word", bytes: [0x00, 0x01, 0xf2], want: 0x0dfe },
  { name: "carry folds twice", bytes: [0xff, 0xff, 0xff, 0xff, 0x00, 0x01], want: 0xfffe },
  { name: "all ones", bytes: [0xff, 0xff], want: 0 },
] as const;

for (const { name, bytes, want } of cases) {
  test(`internetChecksum() of ${name}`, () => {
    assert.equal(internetChecksum(Uint8Array.from(bytes)), want);
  });
}

test("internetChecksum() looks at its part of the buffer only", () => {
  const bytes = Uint8Array.from([0xaa, 0xbb, 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7, 0xcc]);
  assert.equal(internetChecksum(bytes, 2, 8), 0x220d);
  assert.equal(
    internetChecksum(bytes, 2, 3),
    internetChecksum(Uint8Array.from([0x00, 0x01, 0xf2])),
  );
});

test("internetChecksum() holds for the largest packet, all ones", () => {
  assert.equal(internetChecksum(new Uint8Array(65_534).fill(0xff)), 0);
});

const identifier = fc.integer({ min: 0, max: 0xffff });
const sequence = fc.integer({ min: 0, max: 0xffff });
const cookie = fc.integer({ min: 0, max: 0xffff_ffff });
const OFFSET = 3;

function request(
  type: number,
  payloadBytes: number,
  values: { identifier: number; sequence: number; cookie: number },
): Uint8Array {
  // Not zero before: what a buffer held must not shine through.
  const packet = new Uint8Array(OFFSET + ICMP_HEADER_BYTES + payloadBytes).fill(0x5a);
  writeFiller(packet, OFFSET, payloadBytes);
  writeEchoRequest(
    packet,
    OFFSET,
    type,
    values.identifier,
    values.sequence,
    values.cookie,
    payloadBytes,
    fillerSum(payloadBytes),
  );
  return packet.subarray(OFFSET);
}

test("writeEchoRequest() gives a right IPv4 checksum for every payload of 0 to 1500 bytes", () => {
  for (let payloadBytes = 0; payloadBytes <= 1500; payloadBytes += 1) {
    fc.assert(
      fc.property(identifier, sequence, cookie, (id, seq, random) => {
        const packet = request(ECHO_REQUEST_V4, payloadBytes, {
          identifier: id,
          sequence: seq,
          cookie: random,
        });
        assert.equal(internetChecksum(packet), 0);
      }),
      { numRuns: 4 },
    );
  }
});

test("writeEchoRequest() gives a right checksum for the largest payload", () => {
  const packet = request(ECHO_REQUEST_V4, 65_507, {
    identifier: 0xffff,
    sequence: 0xffff,
    cookie: 0xffff_ffff,
  });
  assert.equal(internetChecksum(packet), 0);
});

test("writeEchoRequest() writes type, code, identifier, sequence, cookie, complement and filler", () => {
  const packet = request(ECHO_REQUEST_V6, 10, {
    identifier: 0x1234,
    sequence: 0xabcd,
    cookie: 0xdead_beef,
  });
  assert.deepEqual(
    [...packet],
    // The checksum of ICMPv6 is the kernel's business: 0 (RFC 3542 section 3.1).
    [0x80, 0, 0, 0, 0x12, 0x34, 0xab, 0xcd, 0xde, 0xad, 0xbe, 0xef, 0x21, 0x52, 0x41, 0x10, 8, 9],
  );
  assert.equal(identifierAt(packet, 0), 0x1234);
  assert.equal(sequenceAt(packet, 0), 0xabcd);
});

test("writeEchoRequest() leaves nothing of an earlier packet in the header", () => {
  const packet = request(ECHO_REQUEST_V4, 16, { identifier: 1, sequence: 2, cookie: 3 });
  const again = { identifier: 0x4321, sequence: 0x8765, cookie: 0x1234_5678 };
  writeEchoRequest(
    packet,
    0,
    ECHO_REQUEST_V4,
    again.identifier,
    again.sequence,
    again.cookie,
    16,
    fillerSum(16),
  );
  assert.deepEqual(packet, request(ECHO_REQUEST_V4, 16, again));
});

const anyPayload = fc.record({
  payloadBytes: fc.oneof(fc.integer({ min: 0, max: 16 }), fc.integer({ min: 0, max: 1500 })),
  cookie,
});

test("payloadVerdict() takes what was sent as intact", () => {
  fc.assert(
    fc.property(anyPayload, ({ payloadBytes, cookie: sent }) => {
      const packet = request(ECHO_REQUEST_V4, payloadBytes, {
        identifier: 0,
        sequence: 0,
        cookie: sent,
      });
      assert.equal(
        payloadVerdict(packet, ICMP_HEADER_BYTES, payloadBytes, payloadBytes, sent),
        PAYLOAD.intact,
      );
    }),
  );
});

test("payloadVerdict() sees one damaged byte at any place", () => {
  fc.assert(
    fc.property(cookie, fc.integer({ min: 1, max: 255 }), (sent, flip) => {
      for (const payloadBytes of [1, 3, 4, 5, 7, 8, 9, 40, 300]) {
        const packet = request(ECHO_REQUEST_V4, payloadBytes, {
          identifier: 0,
          sequence: 0,
          cookie: sent,
        });
        for (let at = 0; at < payloadBytes; at += 1) {
          const place = ICMP_HEADER_BYTES + at;
          packet[place] = (packet[place] ?? 0) ^ flip;
          assert.equal(
            payloadVerdict(packet, ICMP_HEADER_BYTES, payloadBytes, payloadBytes, sent),
            PAYLOAD.damaged,
            `byte ${at} of ${payloadBytes}`,
          );
          packet[place] = (packet[place] ?? 0) ^ flip;
        }
      }
    }),
    { numRuns: 20 },
  );
});

test("payloadVerdict() tells a whole payload of another echo from a damaged one", () => {
  fc.assert(
    fc.property(cookie, cookie, fc.integer({ min: 8, max: 200 }), (sent, other, payloadBytes) => {
      fc.pre(sent !== other);
      const packet = request(ECHO_REQUEST_V4, payloadBytes, {
        identifier: 0,
        sequence: 0,
        cookie: other,
      });
      assert.equal(
        payloadVerdict(packet, ICMP_HEADER_BYTES, payloadBytes, payloadBytes, sent),
        PAYLOAD.ofAnotherEcho,
      );
    }),
  );
});

test("payloadVerdict() cannot know another echo by less than a whole cookie", () => {
  const packet = request(ECHO_REQUEST_V4, 7, { identifier: 0, sequence: 0, cookie: 1 });
  assert.equal(payloadVerdict(packet, ICMP_HEADER_BYTES, 7, 7, 0xffff_ffff), PAYLOAD.damaged);
});

const lengths = [
  { name: "shorter by one", came: 55, sent: 56 },
  { name: "longer by one", came: 57, sent: 56 },
  { name: "empty though something was sent", came: 0, sent: 56 },
  { name: "something though nothing was sent", came: 1, sent: 0 },
  { name: "cut within the cookie", came: 5, sent: 8 },
] as const;

for (const { name, came, sent } of lengths) {
  test(`payloadVerdict() of a payload ${name} is damaged`, () => {
    const packet = request(ECHO_REQUEST_V4, 64, { identifier: 0, sequence: 0, cookie: 77 });
    assert.equal(payloadVerdict(packet, ICMP_HEADER_BYTES, came, sent, 77), PAYLOAD.damaged);
  });
}

test("payloadVerdict() of an empty payload for an empty request is intact", () => {
  const packet = request(ECHO_REQUEST_V4, 0, { identifier: 0, sequence: 0, cookie: 77 });
  assert.equal(payloadVerdict(packet, ICMP_HEADER_BYTES, 0, 0, 77), PAYLOAD.intact);
});
