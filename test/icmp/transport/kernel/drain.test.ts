import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ECHO_REPLY_V4 } from "../../../../src/icmp/packet.ts";
import { DgramTransport } from "../../../../src/icmp/transport/kernel/dgram.ts";
import { RawTransport } from "../../../../src/icmp/transport/kernel/raw.ts";
import { socketAddress } from "../../../../src/icmp/transport/socket-address.ts";
import type { Transport } from "../../../../src/icmp/transport.ts";
import { echoMessage, FakeLibc } from "../../../support/fake-libc.ts";
import { PacketLog } from "../../../support/packet-log.ts";
import { profile, SOCKET_TRANSPORTS, type SocketTransport } from "../../../support/wire.ts";

const FIRST_IDENTIFIER = 0x4560;
/** Echoes that were sent before: a ping socket passes on replies to those alone. */
const SENT = 100;
const EINTR = 4;
const EHOSTUNREACH = 113;

/** An IPv4 echo reply as a socket of this kind hands it over: with its IP header from a raw one. */
function reply(kind: SocketTransport, sequence: number, headerWords = 5): Uint8Array {
  const message = echoMessage(ECHO_REPLY_V4, sequence, FIRST_IDENTIFIER);
  if (kind === "dgram") return message;
  const header = new Uint8Array(headerWords * 4);
  header[0] = 0x40 | headerWords;
  header[8] = 61;
  return Uint8Array.from([...header, ...message]);
}

function transportWith(kind: SocketTransport, libc: FakeLibc): Transport {
  const options = { libc, family: "ipv4", receiveBufferBytes: 65_536 } as const;
  switch (kind) {
    case "raw":
      return new RawTransport({ ...options, firstIdentifier: FIRST_IDENTIFIER });
    case "dgram":
      return new DgramTransport(options);
  }
}

/** What one drain of these readings gives. */
function drained(
  kind: SocketTransport,
  readings: FakeLibc["readings"],
): {
  readonly isDrained: boolean;
  readonly slots: readonly number[];
  readonly log: PacketLog;
} {
  const libc = new FakeLibc();
  const transport = transportWith(kind, libc);
  const socket = transport.openProfile(profile("ipv4"));
  const log = new PacketLog();
  const target = socketAddress("192.0.2.1", libc);
  for (let slot = 0; slot < SENT; slot += 1) {
    transport.queue(socket, slot, 1, 0, 0, target, 0, log);
  }
  transport.flush(log);
  libc.readings.push(...readings);
  const isDrained = transport.drainReplies(log);
  return { isDrained, slots: log.replies.map(({ slot }) => slot), log };
}

for (const kind of SOCKET_TRANSPORTS) {
  describe(`drainReplies() of the ${kind} transport`, () => {
    test("reads until the kernel says that nothing is left", () => {
      const batch = Array.from({ length: 64 }, (_, at) => reply(kind, at));
      const readings = [{ packets: batch }, { packets: [reply(kind, 64)] }];
      const { isDrained, slots } = drained(kind, readings);
      assert.equal(isDrained, true);
      assert.equal(slots.length, 65);
    });

    for (const errno of [EHOSTUNREACH, EINTR]) {
      test(`reads on behind errno ${errno} that stands in the midst of the packets`, () => {
        // recvmmsg gives what it had, and tells the error at the next call.
        const { isDrained, slots } = drained(kind, [
          { errno },
          { packets: [reply(kind, 1), reply(kind, 2)] },
          { errno },
          { packets: [reply(kind, 3)] },
        ]);
        assert.deepEqual(slots, [1, 2, 3]);
        assert.equal(isDrained, true);
      });
    }

    test("gives up on a socket that has nothing but errors, and says so", () => {
      const errors = Array.from({ length: 1000 }, () => ({ errno: EHOSTUNREACH }));
      assert.equal(drained(kind, errors).isDrained, false);
    });

    test("breaks off under a flood, and says so", () => {
      const batch = Array.from({ length: 64 }, (_, at) => reply(kind, at));
      const flood = Array.from({ length: 8000 }, () => ({ packets: batch }));
      assert.equal(drained(kind, flood).isDrained, false);
    });
  });
}

const packets = [
  { kind: "raw", name: "an IP header with options", packet: reply("raw", 7, 15), slots: [7] },
  { kind: "raw", name: "nothing", packet: new Uint8Array(0), slots: [] },
  { kind: "raw", name: "an IP header alone", packet: reply("raw", 7).slice(0, 20), slots: [] },
  { kind: "raw", name: "half an ICMP header", packet: reply("raw", 7).slice(0, 25), slots: [] },
  {
    kind: "raw",
    name: "a header length beyond the packet",
    packet: Uint8Array.from(reply("raw", 7), (byte, at) => (at === 0 ? 0x4f : byte)),
    slots: [],
  },
  {
    kind: "raw",
    name: "another ICMP type",
    packet: Uint8Array.from(reply("raw", 7), (byte, at) => (at === 20 ? 3 : byte)),
    slots: [],
  },
  { kind: "dgram", name: "an ICMP header alone", packet: reply("dgram", 7), slots: [7] },
  { kind: "dgram", name: "nothing", packet: new Uint8Array(0), slots: [] },
  { kind: "dgram", name: "half an ICMP header", packet: reply("dgram", 7).slice(0, 7), slots: [] },
  // An extended echo reply (RFC 8335), which ping sockets pass as well.
  { kind: "dgram", name: "another ICMP type", packet: echoMessage(43, 7), slots: [] },
] as const;
for (const { kind, name, packet, slots } of packets) {
  test(`the ${kind} transport and a packet with ${name}`, () => {
    const got = drained(kind, [{ packets: [packet] }]);
    assert.deepEqual(got.slots, slots);
    assert.equal(got.log.foreignPackets, 1 - slots.length);
  });
}
