import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { socketAddress } from "../../../../src/icmp/transport/socket-address.ts";
import type { PacketSink } from "../../../../src/icmp/transport.ts";
import { COOKIE, RawSocketBench, START, TARGET } from "./bench.ts";

const FAMILIES = ["ipv4", "ipv6"] as const;

for (const family of FAMILIES) {
  test(`${family}: an echo is sent at once, and its reply comes with its own time`, () => {
    const bench = new RawSocketBench(family);
    bench.profile();
    bench.answerAll();
    bench.clock.advanceSeconds(0.25);
    bench.queue(0x3_0007);
    bench.transport.flush(bench.log);
    assert.deepEqual([...bench.log.sentAt], [[0x3_0007, START + 250_000_000n]]);
    bench.clock.advanceSeconds(0.000_123_456);
    bench.receiver.wake();
    bench.clock.advanceSeconds(5);
    assert.equal(bench.drain(), true);
    const [reply] = bench.log.replies;
    assert.equal(bench.log.replies.length, 1);
    assert.equal(reply?.slot, 0x3_0007);
    assert.equal(reply.bytes, 64);
    assert.equal(reply.stamp, START + 250_123_456n, "stamped when it was read, not when drained");
    assert.equal(reply.hopLimit, family === "ipv4" ? 61 : Number.NaN);
    assert.ok(reply.isChecksumRight);
    const words = socketAddress(TARGET[family], { interfaceIndex: () => 0 });
    assert.deepEqual(reply.source, words);
  });

  test(`${family}: drainReplies() has every reply that the kernel holds, the event loop apart`, () => {
    const bench = new RawSocketBench(family);
    bench.profile();
    bench.answerAll();
    for (let slot = 0; slot < 1000; slot += 1) bench.queue(slot);
    assert.equal(bench.receiver.held, 1000);
    assert.equal(bench.drain(), true);
    const slots = bench.log.replies.map(({ slot }) => slot);
    assert.deepEqual(
      slots,
      Array.from({ length: 1000 }, (_, slot) => slot),
    );
  });

  test(`${family}: an echo is told to be sent before its reply is`, () => {
    const bench = new RawSocketBench(family);
    bench.profile();
    bench.answerAll();
    const told: string[] = [];
    const sink: PacketSink = {
      sent: (slot) => told.push(`sent ${slot}`),
      reply: (_packet, _message, _bytes, slot) => told.push(`reply ${slot}`),
      unsent: () => assert.fail(),
      transmitStamp: () => assert.fail(),
      answered: () => assert.fail(),
      corrupted: () => assert.fail(),
      icmpError: () => assert.fail(),
      foreign: () => assert.fail(),
    };
    const words = socketAddress(TARGET[family], { interfaceIndex: () => 0 });
    for (const slot of [1, 2]) {
      bench.transport.queue(0, slot, 1, COOKIE, 8, words, 0, sink);
      bench.receiver.wake();
    }
    bench.transport.drainReplies(sink);
    assert.deepEqual(told, ["sent 1", "sent 2", "reply 1", "reply 2"]);
  });

  test(`${family}: a refused echo is unsent with the system's number, and the next is sent`, () => {
    const bench = new RawSocketBench(family);
    bench.profile();
    const refusals = ["Network is unreachable", "Operation not permitted", "Never heard of"];
    bench.rawSocket.refuse = () => refusals.shift();
    for (let slot = 0; slot < 4; slot += 1) bench.queue(slot);
    const { ENETUNREACH, EPERM, EIO } = constants.errno;
    assert.deepEqual(
      [...bench.log.refused],
      [
        [0, ENETUNREACH],
        [1, EPERM],
        [2, EIO],
      ],
    );
    assert.deepEqual([...bench.log.sentAt.keys()], [3]);
  });

  test(`${family}: onArrival() is told in a turn of its own, once for many packets`, async () => {
    const bench = new RawSocketBench(family);
    bench.profile();
    bench.answerAll();
    for (let slot = 0; slot < 3; slot += 1) bench.queue(slot);
    while (bench.receiver.wake()) assert.equal(bench.arrivals, 0);
    await nextTurn();
    assert.equal(bench.arrivals, 1);
    bench.drain();
    bench.receiver.hold(Uint8Array.of(1, 2, 3), TARGET[family]);
    bench.receiver.wake();
    await nextTurn();
    assert.equal(bench.arrivals, 1, "what is not ours wakes nobody");
    bench.queue(4);
    bench.receiver.wake();
    bench.transport.close();
    await nextTurn();
    assert.equal(bench.arrivals, 1, "a closed transport tells nothing");
  });

  test(`${family}: what nobody drains stays with the kernel, beyond the buffer's size`, () => {
    const bench = new RawSocketBench(family, { receiveBufferBytes: 10_000 });
    bench.profile();
    bench.answerAll();
    for (let slot = 0; slot < 500; slot += 1) bench.queue(slot);
    let read = 0;
    while (bench.receiver.wake()) read += 1;
    assert.ok(read >= 100 && read <= 157, `${read} packets of 64 or 84 bytes were read`);
    assert.equal(bench.receiver.isReceivePaused, true);
    assert.equal(bench.drain(), true);
    assert.equal(bench.log.replies.length, 500);
    assert.equal(bench.receiver.isReceivePaused, false);
  });

  test(`${family}: a flood that does not end breaks drainReplies() off`, () => {
    const bench = new RawSocketBench(family);
    const stranger = Buffer.alloc(28);
    const { receiver } = bench;
    bench.rawSocket.refuseRead = () => {
      receiver.hold(stranger, TARGET[family]);
      return undefined;
    };
    receiver.hold(stranger, TARGET[family]);
    assert.equal(bench.drain(), false);
    assert.equal(bench.log.foreignPackets, 0);
  });

  test(`${family}: an error in place of a packet does not hide the packets behind it`, () => {
    const bench = new RawSocketBench(family);
    bench.profile();
    bench.answerAll();
    const refusals = ["Connection refused", "No route to host"];
    bench.rawSocket.refuseRead = () => refusals.shift();
    for (let slot = 0; slot < 5; slot += 1) bench.queue(slot);
    assert.equal(bench.drain(), true);
    assert.equal(bench.log.replies.length, 3);
  });

  test(`${family}: a socket that only ever fails counts as empty`, () => {
    const bench = new RawSocketBench(family);
    const { receiver } = bench;
    bench.rawSocket.refuseRead = () => {
      receiver.hold(Buffer.alloc(1), TARGET[family]);
      return "Network is down";
    };
    receiver.hold(Buffer.alloc(1), TARGET[family]);
    assert.equal(bench.drain(), true);
  });

  test(`${family}: sockets that broke are opened anew, and the loss shows as a drop`, () => {
    const bench = new RawSocketBench(family);
    bench.profile({ hopLimit: 7 });
    bench.answerAll();
    bench.rawSocket.drops = 5;
    assert.equal(bench.transport.readDrops(), 5);
    for (const socket of bench.rawSocket.sockets) socket.break();
    bench.rawSocket.drops = 0;
    assert.equal(bench.transport.readDrops(), 6);
    bench.rawSocket.openRefusal = "Too many open files";
    bench.queue(1);
    assert.equal(bench.log.refused.get(1), constants.errno.EMFILE);
    bench.clock.advanceSeconds(1);
    assert.equal(bench.drain(), true);
    bench.rawSocket.openRefusal = undefined;
    assert.equal(bench.drain(), true);
    assert.equal(bench.rawSocket.open.length, 0, "tried at most once a second");
    bench.clock.advanceSeconds(1);
    bench.drain();
    bench.queue(2);
    bench.drain();
    assert.deepEqual(
      bench.log.replies.map(({ slot }) => slot),
      [2],
    );
    const [, sender] = bench.rawSocket.open;
    assert.ok(sender?.options.some(({ value }) => value === 7));
    assert.equal(bench.transport.readDrops(), 6);
  });

  test(`${family}: after close() nothing is open, and nothing is sent or read`, () => {
    const bench = new RawSocketBench(family);
    bench.profile();
    bench.profile({ hopLimit: 3 });
    bench.transport.close();
    assert.equal(bench.rawSocket.open.length, 0);
    bench.queue(1);
    assert.equal(bench.drain(), true);
    assert.equal(bench.log.sentAt.size, 0);
    assert.equal(bench.rawSocket.sockets.length, 3);
  });

  test(`${family}: random packets never throw and never answer an echo`, () => {
    const bench = new RawSocketBench(family);
    const bytes = fc.uint8Array({ maxLength: 120 });
    fc.assert(
      fc.property(bytes, fc.boolean(), (packet, isWaited) => {
        // Its random identifier hits ours once in 4096 replies: keep it off.
        const identifier = family === "ipv4" ? ((packet[0] ?? 0) & 0xf) * 4 + 4 : 4;
        if (packet.length > identifier) packet[identifier] = 0;
        const quoted = identifier + 4 + (family === "ipv4" ? 24 : 44);
        if (packet.length > quoted) packet[quoted] = 0;
        bench.receiver.hold(packet, TARGET[family]);
        if (isWaited) bench.receiver.wake();
        assert.equal(bench.drain(), true);
        assert.equal(bench.log.replies.length, 0);
      }),
    );
  });

  test(`${family}: figures() tells what it has and what it lacks`, () => {
    const bench = new RawSocketBench(family);
    assert.deepEqual(bench.transport.figures(), {
      family,
      transport: "raw-socket",
      transmitStamp: "send_call",
      receiveBufferBytes: 8192,
    });
    assert.deepEqual(bench.transport.replyDescriptors, []);
  });
}

test("readDrops() is below 0 where the system does not count", () => {
  assert.equal(new RawSocketBench("ipv4", { platform: "darwin" }).transport.readDrops(), -1);
});
