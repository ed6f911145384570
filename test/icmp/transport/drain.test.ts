import assert from "node:assert/strict";
import { test } from "node:test";
import { LinuxTransport } from "../../../src/icmp/transport/linux.ts";
import { FakeLibc } from "../../support/fake-libc.ts";
import { PacketLog } from "../../support/packet-log.ts";

const FIRST_IDENTIFIER = 0x4560;
const EINTR = 4;
const EHOSTUNREACH = 113;

/** An IPv4 echo reply as a raw socket hands it over. */
function reply(sequence: number, headerWords = 5): Uint8Array {
  const header = new Uint8Array(headerWords * 4);
  header[0] = 0x40 | headerWords;
  header[8] = 61;
  return Uint8Array.from([...header, 0, 0, 0, 0, 0x45, 0x60, sequence >> 8, sequence & 0xff]);
}

function transportWith(libc: FakeLibc): LinuxTransport {
  return new LinuxTransport({
    libc,
    family: "ipv4",
    firstIdentifier: FIRST_IDENTIFIER,
    receiveBufferBytes: 65_536,
  });
}

/** What one drain of these readings gives. */
function drained(readings: FakeLibc["readings"]): {
  readonly isDrained: boolean;
  readonly slots: readonly number[];
  readonly log: PacketLog;
} {
  const libc = new FakeLibc();
  const transport = transportWith(libc);
  libc.readings.push(...readings);
  const log = new PacketLog();
  const isDrained = transport.drainReplies(log);
  return { isDrained, slots: log.replies.map(({ slot }) => slot), log };
}

test("drainReplies() reads until the kernel says that nothing is left", () => {
  const batch = Array.from({ length: 64 }, (_, at) => reply(at));
  const { isDrained, slots } = drained([{ packets: batch }, { packets: [reply(64)] }]);
  assert.equal(isDrained, true);
  assert.equal(slots.length, 65);
});

for (const errno of [EHOSTUNREACH, EINTR]) {
  test(`drainReplies() reads on behind errno ${errno} that stands in the midst of the packets`, () => {
    // recvmmsg gives what it had, and tells the error at the next call.
    const { isDrained, slots } = drained([
      { errno },
      { packets: [reply(1), reply(2)] },
      { errno },
      { packets: [reply(3)] },
    ]);
    assert.deepEqual(slots, [1, 2, 3]);
    assert.equal(isDrained, true);
  });
}

test("drainReplies() gives up on a socket that has nothing but errors, and says so", () => {
  const errors = Array.from({ length: 1000 }, () => ({ errno: EHOSTUNREACH }));
  assert.equal(drained(errors).isDrained, false);
});

test("drainReplies() breaks off under a flood, and says so", () => {
  const batch = Array.from({ length: 64 }, (_, at) => reply(at));
  const flood = Array.from({ length: 8000 }, () => ({ packets: batch }));
  assert.equal(drained(flood).isDrained, false);
});

const packets = [
  { name: "an IP header with options", packet: reply(7, 15), slots: [7], foreign: 0 },
  { name: "nothing", packet: new Uint8Array(0), slots: [], foreign: 1 },
  { name: "an IP header alone", packet: reply(7).slice(0, 20), slots: [], foreign: 1 },
  { name: "half an ICMP header", packet: reply(7).slice(0, 25), slots: [], foreign: 1 },
  {
    name: "a header length beyond the packet",
    packet: Uint8Array.from(reply(7), (byte, at) => (at === 0 ? 0x4f : byte)),
    slots: [],
    foreign: 1,
  },
  {
    name: "another ICMP type",
    packet: Uint8Array.from(reply(7), (byte, at) => (at === 20 ? 3 : byte)),
    slots: [],
    foreign: 1,
  },
] as const;
for (const { name, packet, slots, foreign } of packets) {
  test(`a packet with ${name}`, () => {
    const got = drained([{ packets: [packet] }]);
    assert.deepEqual(got.slots, slots);
    assert.equal(got.log.foreignPackets, foreign);
  });
}
