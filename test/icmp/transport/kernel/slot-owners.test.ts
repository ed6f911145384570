import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ECHO_REPLY_V4,
  ECHO_REPLY_V6,
  ECHO_REQUEST_V4,
  ECHO_REQUEST_V6,
} from "../../../../src/icmp/packet.ts";
import { DgramTransport } from "../../../../src/icmp/transport/kernel/dgram.ts";
import { SlotOwners } from "../../../../src/icmp/transport/kernel/slot-owners.ts";
import { socketAddress } from "../../../../src/icmp/transport/socket-address.ts";
import { echoMessage, FakeLibc } from "../../../support/fake-libc.ts";
import { PacketLog } from "../../../support/packet-log.ts";
import { profile } from "../../../support/wire.ts";

const EAGAIN = 11;
const BLOCK = 0x1_0000;
const NO_SLOT = -1;

test("isOf() names the profile that noted a slot last, and nobody for a slot that was never used", () => {
  const owners = new SlotOwners();
  assert.equal(owners.isOf(5, 0), false);
  owners.note(5, 0);
  owners.note(BLOCK + 5, 63);
  assert.deepEqual([owners.isOf(5, 0), owners.isOf(5, 63)], [true, false]);
  assert.deepEqual([owners.isOf(BLOCK + 5, 0), owners.isOf(BLOCK + 5, 63)], [false, true]);
  assert.deepEqual([owners.isOf(6, 0), owners.isOf(2 * BLOCK + 5, 0)], [false, false]);
  owners.note(5, 1);
  assert.deepEqual([owners.isOf(5, 0), owners.isOf(5, 1)], [false, true]);
});

const FAMILIES = [
  { family: "ipv4", target: "192.0.2.1", request: ECHO_REQUEST_V4, reply: ECHO_REPLY_V4 },
  { family: "ipv6", target: "2001:db8::1", request: ECHO_REQUEST_V6, reply: ECHO_REPLY_V6 },
] as const;

for (const { family, target, request, reply } of FAMILIES) {
  const sentFromTwoSockets = (): {
    readonly libc: FakeLibc;
    readonly log: PacketLog;
    readonly transport: DgramTransport;
    readonly address: Uint32Array;
  } => {
    const libc = new FakeLibc();
    const log = new PacketLog();
    const transport = new DgramTransport({ libc, family, receiveBufferBytes: 65_536 });
    const address = socketAddress(target, libc);
    const profiles = [{}, { dscp: 46 }].map((changed) =>
      transport.openProfile(profile(family, changed)),
    );
    for (const [at, number] of profiles.entries()) {
      transport.queue(number, 5 + at, 1, 0x1234_5678, 56, address, 0, log);
    }
    transport.flush(log);
    return { libc, log, transport, address };
  };

  test(`a reply with the identifier of another socket of ours is of no echo (${family})`, () => {
    const { libc, log, transport } = sentFromTwoSockets();
    libc.readings.push(
      // What the second socket sent, with the identifier of the first.
      { packets: [echoMessage(reply, 5), echoMessage(reply, 6)] },
      { errno: EAGAIN },
      { packets: [echoMessage(reply, 5), echoMessage(reply, 6)] },
    );
    transport.drainReplies(log);
    const slots = log.replies.map(({ slot }) => slot);
    assert.deepEqual(slots, [5, NO_SLOT, NO_SLOT, 6]);
  });

  test(`likewise an ICMP error that quotes it explains no echo (${family})`, () => {
    const { libc, log, transport, address } = sentFromTwoSockets();
    const [first = NO_SLOT, second = NO_SLOT] = transport.replyDescriptors;
    for (const descriptor of [first, second]) {
      libc.addIcmpError(descriptor, {
        type: family === "ipv4" ? 3 : 1,
        code: family === "ipv4" ? 1 : 3,
        quoted: echoMessage(request, 5),
        target: new Uint8Array(address.buffer),
        offender: new Uint8Array(address.buffer),
      });
    }
    transport.drainErrors(log);
    assert.deepEqual(
      log.errors.map(({ slot, reason }) => [slot, reason]).filter(([slot]) => slot !== NO_SLOT),
      [[5, "host_unreachable"]],
    );
  });
}
