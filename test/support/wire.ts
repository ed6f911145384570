import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { SocketProfile } from "../../src/icmp/echo.ts";
import { DgramTransport } from "../../src/icmp/transport/kernel/dgram.ts";
import { type Libc, loadLibc } from "../../src/icmp/transport/kernel/libc.ts";
import { RawTransport } from "../../src/icmp/transport/kernel/raw.ts";
import { socketAddress } from "../../src/icmp/transport/socket-address.ts";
import type { Transport } from "../../src/icmp/transport.ts";
import type { AddressFamily } from "../../src/runtime/address.ts";
import { PacketLog } from "./packet-log.ts";
import { until } from "./until.ts";

export const FIRST_IDENTIFIER = 0x4560;
const RECEIVE_BUFFER_BYTES = 8 * 2 ** 20;
const TIMEOUT_SECONDS = 1;
const DEADLINE_SECONDS = 10;

/** The transports that are sockets of this process, each of which can do all that the others can. */
export const SOCKET_TRANSPORTS = ["raw", "dgram"] as const;
export type SocketTransport = (typeof SOCKET_TRANSPORTS)[number];

/** Lets everybody open ping sockets in the network that this thread is in: never in the machine's own. */
export function openPingGroups(): void {
  writeFileSync("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
}

export const LOOPBACK = { ipv4: "127.0.0.1", ipv6: "::1" } as const;

const loaded = await loadLibc();

function libcOrThrow(): Libc {
  if (loaded.kind === "absent") throw new Error(loaded.reason);
  return loaded.libc;
}

/** A profile with nothing special about it but what is told. */
export function profile(
  family: AddressFamily,
  changed: Partial<SocketProfile> = {},
): SocketProfile {
  return {
    family,
    source: undefined,
    interface: undefined,
    mark: 0,
    dscp: 0,
    hopLimit: 64,
    isFragmentingForbidden: false,
    ...changed,
  };
}

type WireOptions = {
  readonly firstIdentifier?: number;
  readonly receiveBufferBytes?: number;
  readonly firstSlot?: number;
};

/** A transport on real sockets with what it told, closed at the end of the test. */
export class Wire {
  readonly libc = libcOrThrow();
  readonly transport: Transport;
  readonly log: PacketLog;
  #nextSlot: number;

  constructor(kind: SocketTransport, family: AddressFamily, options: WireOptions = {}) {
    this.transport = opened(this.libc, kind, family, options);
    this.#nextSlot = options.firstSlot ?? 0;
    this.log = new PacketLog();
    // The kernel switches receive stamps on by a work item.
    this.libc.poll([], 0.02);
  }

  [Symbol.dispose](): void {
    this.transport.close();
  }

  /** Queues one echo. @returns its slot. */
  queue(address: string, options: { profile?: number; payloadBytes?: number } = {}): number {
    const slot = this.#nextSlot;
    this.#nextSlot += 1;
    const words = socketAddress(address, this.libc);
    const { profile: socket = 0, payloadBytes = 56 } = options;
    this.transport.queue(
      socket,
      slot,
      TIMEOUT_SECONDS,
      0x1234_5678,
      payloadBytes,
      words,
      0,
      this.log,
    );
    return slot;
  }

  send(address: string, options: { profile?: number; payloadBytes?: number } = {}): number {
    const slot = this.queue(address, options);
    this.flush();
    return slot;
  }

  flush(): void {
    this.transport.flush(this.log);
  }

  async replies(count: number): Promise<void> {
    await until(
      () => {
        this.transport.drainErrors(this.log);
        this.transport.drainReplies(this.log);
        return this.log.replies.length >= count;
      },
      { deadlineSeconds: DEADLINE_SECONDS, what: `${count} replies` },
    );
  }

  /** Reads the error queue until there have been so many ICMP errors. */
  async errors(count: number): Promise<void> {
    await until(
      () => {
        this.transport.drainErrors(this.log);
        return this.log.errors.length >= count;
      },
      { deadlineSeconds: DEADLINE_SECONDS, what: `${count} ICMP errors` },
    );
  }

  /** Every echo was answered once, and its stamps are its own. */
  check(slots: readonly number[]): void {
    const { log } = this;
    assert.deepEqual(
      log.replies.map(({ slot }) => slot).toSorted((a, b) => a - b),
      [...slots],
      "each echo answered once",
    );
    let before = 0n;
    for (const reply of log.replies.toSorted((a, b) => a.slot - b.slot)) {
      const { slot } = reply;
      const sentAt = log.sentAt.get(slot);
      const stamp = log.stamps.get(slot);
      assert.ok(sentAt !== undefined);
      assert.ok(stamp !== undefined, `echo ${slot} has a kernel stamp`);
      assert.ok(reply.stamp > 0n, `the reply to echo ${slot} has a kernel stamp`);
      assert.ok(stamp >= sentAt, `echo ${slot} was stamped after its send call`);
      // Stamps shifted among neighbours would repeat, or lie behind a reply or before a later send call.
      assert.ok(stamp > before, `echo ${slot} was stamped after the echo before it`);
      assert.ok(reply.stamp > stamp, `the reply to echo ${slot} came after it was sent`);
      assert.ok(reply.isChecksumRight);
      before = stamp;
    }
  }
}

function opened(
  libc: Libc,
  kind: SocketTransport,
  family: AddressFamily,
  options: WireOptions,
): Transport {
  const { firstIdentifier = FIRST_IDENTIFIER, receiveBufferBytes = RECEIVE_BUFFER_BYTES } = options;
  switch (kind) {
    case "raw":
      return new RawTransport({ libc, family, firstIdentifier, receiveBufferBytes });
    case "dgram":
      return new DgramTransport({ libc, family, receiveBufferBytes });
  }
}
