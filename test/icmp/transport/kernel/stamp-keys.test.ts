import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ECHO_REQUEST_V4 } from "../../../../src/icmp/packet.ts";
import { DgramTransport } from "../../../../src/icmp/transport/kernel/dgram.ts";
import { RawTransport } from "../../../../src/icmp/transport/kernel/raw.ts";
import { socketAddress } from "../../../../src/icmp/transport/socket-address.ts";
import type { Transport } from "../../../../src/icmp/transport.ts";
import { echoMessage, FakeLibc } from "../../../support/fake-libc.ts";
import { PacketLog } from "../../../support/packet-log.ts";
import { profile, SOCKET_TRANSPORTS, type SocketTransport } from "../../../support/wire.ts";

const EPERM = 1;
const EINTR = 4;
const EHOSTUNREACH = 113;

/** A transport over a fake kernel, one profile opened. */
class Bench {
  readonly libc = new FakeLibc();
  readonly log = new PacketLog();
  readonly transport: Transport;
  readonly #target = socketAddress("192.0.2.1", this.libc);

  constructor(kind: SocketTransport) {
    const options = { libc: this.libc, family: "ipv4", receiveBufferBytes: 65_536 } as const;
    this.transport =
      kind === "raw"
        ? new RawTransport({ ...options, firstIdentifier: 0x10 })
        : new DgramTransport(options);
    this.transport.openProfile(profile("ipv4"));
  }

  /** Sends one batch of slots from..to-1. */
  send(from: number, to: number): void {
    for (let slot = from; slot < to; slot += 1) {
      this.transport.queue(0, slot, 1, 0x1234_5678, 56, this.#target, 0, this.log);
    }
    this.transport.flush(this.log);
  }

  /** Every echo of these that left has its own stamp, whose nanoseconds are its sequence number. */
  checkStamps(count: number): void {
    this.transport.drainErrors(this.log);
    const { log } = this;
    for (let slot = 0; slot < count; slot += 1) {
      assert.ok(log.sentAt.has(slot) !== log.refused.has(slot), `echo ${slot} ended once`);
      const stamp = log.stamps.get(slot);
      if (log.refused.has(slot)) assert.equal(stamp, undefined);
      else assert.equal((stamp ?? 0n) % 1_000_000_000n, BigInt(slot), `stamp of echo ${slot}`);
    }
  }

  icmpErrorComes(descriptor: number): void {
    const address = new Uint8Array(socketAddress("192.0.2.9", this.libc).buffer);
    const quoted = echoMessage(ECHO_REQUEST_V4, 60_000);
    this.libc.addIcmpError(descriptor, {
      type: 3,
      code: 1,
      quoted,
      target: address,
      offender: address,
    });
  }
}

for (const kind of SOCKET_TRANSPORTS) {
  describe(`stamps of the ${kind} transport`, () => {
    for (const keysOfRefused of [0, 1, 2]) {
      test(`a refused packet that used ${keysOfRefused} keys shifts nobody's stamp`, () => {
        const bench = new Bench(kind);
        bench.libc.keysOfRefused = keysOfRefused;
        const isRefused = (sequence: number): boolean =>
          sequence % 7 === 0 || (sequence > 60 && sequence < 70);
        bench.libc.refuses = (sequence) => (isRefused(sequence) ? EPERM : 0);
        bench.send(0, 1);
        bench.send(1, 64);
        bench.send(64, 200);
        bench.send(200, 1000);
        bench.checkStamps(1000);
        for (let slot = 0; slot < 1000; slot += 1) {
          assert.equal(bench.log.refused.get(slot), isRefused(slot) ? EPERM : undefined);
        }
      });
    }

    test("more packets than there are keys go on having their own stamps", () => {
      const bench = new Bench(kind);
      for (let from = 0; from < 65_536; from += 1024) {
        bench.send(from, from + 1024);
        bench.transport.drainErrors(bench.log);
      }
      bench.log.stamps.clear();
      bench.send(0, 1000);
      bench.checkStamps(1000);
    });

    test("an interrupted call is made again", () => {
      const bench = new Bench(kind);
      bench.libc.pendingErrnos.push(EINTR, EINTR, EINTR);
      bench.send(0, 64);
      assert.equal(bench.log.refused.size, 0);
      bench.checkStamps(64);
    });
  });
}

describe("pending errors of the dgram transport", () => {
  for (const keysOfRefused of [0, 1, 2]) {
    test(`a send refused once is tried once more, having used ${keysOfRefused} keys`, () => {
      const bench = new Bench("dgram");
      bench.libc.keysOfRefused = keysOfRefused;
      bench.libc.pendingErrnos.push(EHOSTUNREACH);
      bench.send(0, 64);
      bench.send(64, 128);
      assert.deepEqual([...bench.log.refused], []);
      bench.checkStamps(128);
    });
  }

  test("a send refused twice is unsent, and the rest of the batch leaves", () => {
    const bench = new Bench("dgram");
    bench.libc.pendingErrnos.push(EHOSTUNREACH, EHOSTUNREACH);
    bench.send(0, 64);
    assert.deepEqual([...bench.log.refused], [[0, EHOSTUNREACH]]);
    bench.checkStamps(64);
  });

  test("an error that was pending when the queue is flushed is read before anything is sent", () => {
    const bench = new Bench("dgram");
    const [descriptor = -1] = bench.transport.replyDescriptors;
    bench.icmpErrorComes(descriptor);
    let errorsBefore = -1;
    bench.libc.onSend = () => {
      if (errorsBefore < 0) errorsBefore = bench.log.errors.length;
    };
    bench.send(0, 1);
    assert.equal(errorsBefore, 1);
    assert.equal(bench.log.errors[0]?.slot, -1, "about an echo that this socket never sent");
  });

  test("a send is tried again as long as yet another error came in between", () => {
    const bench = new Bench("dgram");
    let toCome = 6;
    bench.libc.onSend = (descriptor) => {
      if (toCome === 0) return;
      toCome -= 1;
      bench.icmpErrorComes(descriptor);
      bench.libc.pendingErrnos.push(EHOSTUNREACH);
    };
    bench.send(0, 64);
    assert.deepEqual([...bench.log.refused], []);
    assert.equal(bench.log.errors.length, 6);
    bench.checkStamps(64);
  });

  test("errors without end make an echo unsent at last", () => {
    const bench = new Bench("dgram");
    bench.libc.onSend = (descriptor) => {
      bench.icmpErrorComes(descriptor);
      bench.libc.pendingErrnos.push(EHOSTUNREACH);
    };
    bench.send(0, 64);
    assert.equal(bench.log.refused.size, 64);
  });
});

test("the raw transport does not try a refused send again", () => {
  const bench = new Bench("raw");
  bench.libc.pendingErrnos.push(EHOSTUNREACH);
  bench.send(0, 64);
  assert.deepEqual([...bench.log.refused], [[0, EHOSTUNREACH]]);
  bench.checkStamps(64);
});
