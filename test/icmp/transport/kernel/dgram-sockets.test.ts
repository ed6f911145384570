import assert from "node:assert/strict";
import { test } from "node:test";
import { ECHO_REPLY_V4, ECHO_REQUEST_V4 } from "../../../../src/icmp/packet.ts";
import { DgramTransport } from "../../../../src/icmp/transport/kernel/dgram.ts";
import { socketAddress } from "../../../../src/icmp/transport/socket-address.ts";
import { IcmpSocketError } from "../../../../src/icmp/transport.ts";
import { echoMessage, FakeLibc } from "../../../support/fake-libc.ts";
import { PacketLog } from "../../../support/packet-log.ts";
import { profile } from "../../../support/wire.ts";

const EACCES = 13;
const EMFILE = 24;
const ENOBUFS = 105;
const BLOCK = 0x1_0000;

class Bench {
  readonly libc = new FakeLibc();
  readonly log = new PacketLog();
  readonly transport = new DgramTransport({
    libc: this.libc,
    family: "ipv4",
    receiveBufferBytes: 65_536,
  });
  readonly #target = socketAddress("192.0.2.1", this.libc);

  constructor() {
    this.transport.openProfile(profile("ipv4"));
  }

  send(slots: readonly number[], number = 0): void {
    for (const slot of slots) {
      this.transport.queue(number, slot, 1, 0x1234_5678, 56, this.#target, 0, this.log);
    }
    this.transport.flush(this.log);
    this.transport.drainErrors(this.log);
  }
}

/** The socket that sent each sequence number. */
function descriptors(libc: FakeLibc): number[] {
  return libc.sent.map(({ descriptor }) => descriptor);
}

test("each block of 65,536 slots has a socket of its own, opened when it is first needed", () => {
  const bench = new Bench();
  const { libc, log, transport } = bench;
  const [first] = transport.replyDescriptors;
  assert.equal(transport.replyDescriptors.length, 1);
  bench.send([BLOCK - 1, BLOCK, BLOCK + 1, 0, 15 * BLOCK + 7]);
  const [, second, third] = transport.replyDescriptors;
  assert.equal(transport.replyDescriptors.length, 3);
  assert.deepEqual(descriptors(libc), [first, second, second, first, third]);
  assert.deepEqual(
    libc.sent.map(({ sequence }) => sequence),
    [0xffff, 0, 1, 0, 7],
  );
  assert.deepEqual([...log.sentAt.keys()], [BLOCK - 1, BLOCK, BLOCK + 1, 0, 15 * BLOCK + 7]);
});

test("two profiles share no socket", () => {
  const bench = new Bench();
  const { libc, transport } = bench;
  const other = transport.openProfile(profile("ipv4", { dscp: 46 }));
  bench.send([1, BLOCK + 1]);
  bench.send([2, BLOCK + 2], other);
  assert.equal(new Set(descriptors(libc)).size, 4);
  assert.equal(transport.replyDescriptors.length, 4);
});

test("a reply is known by its socket and its sequence number, whatever its identifier", () => {
  const bench = new Bench();
  const { libc, log, transport } = bench;
  bench.send([5, BLOCK + 6]);
  libc.readings.push(
    { packets: [echoMessage(ECHO_REPLY_V4, 5, 0x7777)] },
    { errno: 11 },
    { packets: [echoMessage(ECHO_REPLY_V4, 6)] },
  );
  assert.equal(transport.drainReplies(log), true);
  assert.deepEqual(
    log.replies.map(({ slot }) => slot),
    [5, BLOCK + 6],
  );
  assert.ok(log.replies.every(({ isChecksumRight }) => isChecksumRight));
});

test("an ICMP error explains the echo of its own block", () => {
  const bench = new Bench();
  const { libc, log, transport } = bench;
  bench.send([5, BLOCK + 5]);
  const target = new Uint8Array(socketAddress("192.0.2.1", libc).buffer);
  const offender = new Uint8Array(socketAddress("192.0.2.254", libc).buffer);
  const quoted = echoMessage(ECHO_REQUEST_V4, 5);
  libc.addIcmpError(transport.replyDescriptors[1] ?? -1, {
    type: 3,
    code: 1,
    quoted,
    target,
    offender,
  });
  transport.drainErrors(log);
  assert.deepEqual(log.errors, [
    {
      slot: BLOCK + 5,
      reason: "host_unreachable",
      target: socketAddress("192.0.2.1", libc),
      reporter: socketAddress("192.0.2.254", libc),
    },
  ]);
});

test("the echoes of a block whose socket is refused are unsent, until one is to be had", () => {
  const bench = new Bench();
  const { libc, log } = bench;
  libc.socketErrno = EMFILE;
  bench.send([1, BLOCK, 2]);
  assert.deepEqual([...log.refused], [[BLOCK, EMFILE]]);
  libc.socketErrno = 0;
  bench.send([BLOCK + 1]);
  assert.deepEqual([...log.sentAt.keys()], [1, 2, BLOCK + 1]);
});

test("a slot beyond the sixteenth block is unsent", () => {
  const bench = new Bench();
  const { log } = bench;
  bench.send([16 * BLOCK]);
  assert.deepEqual([...log.refused], [[16 * BLOCK, ENOBUFS]]);
});

test("readDrops() adds up all sockets, and each one's counter may come round", () => {
  const bench = new Bench();
  const { libc, transport } = bench;
  bench.send([0, BLOCK]);
  const [first = 0, second = 0] = transport.replyDescriptors;
  assert.equal(transport.readDrops(), 0);
  libc.drops.set(first, 7).set(second, 0xffff_fff0);
  assert.equal(transport.readDrops(), 7 + 0xffff_fff0);
  libc.drops.set(second, 4);
  assert.equal(transport.readDrops(), 7 + 0x1_0000_0004);
  libc.drops.set(first, -1);
  assert.equal(transport.readDrops(), 7 + 0x1_0000_0004);
});

test("a process that may not open ping sockets is told at once what to widen", () => {
  const libc = new FakeLibc();
  libc.socketErrno = EACCES;
  libc.errnoName = () => "EACCES";
  assert.throws(
    () => new DgramTransport({ libc, family: "ipv4", receiveBufferBytes: 65_536 }),
    (error) =>
      error instanceof IcmpSocketError &&
      error.errno === "EACCES" &&
      error.message ===
        "Cannot open an ipv4 ping socket: widen net.ipv4.ping_group_range to hold a group of this process",
  );
});

test("close() closes every socket once", () => {
  const bench = new Bench();
  const { libc, transport } = bench;
  bench.send([0, BLOCK, 2 * BLOCK]);
  transport.openProfile(profile("ipv4", { dscp: 1 }));
  transport.close();
  assert.deepEqual(new Set(libc.closed), new Set(libc.opened));
  assert.equal(libc.closed.length, 5);
});
