import type { Libc, NativeMemory } from "../../src/icmp/transport/libc.ts";
import { EAGAIN, MSG_ERRQUEUE } from "../../src/icmp/transport/libc.ts";

/** struct mmsghdr and what it points to, 64-bit. */
const HEADER_BYTES = 64;
const CONTROL_BYTES_AT = 40;
const MESSAGE_BYTES_AT = 56;

/** What one `recvmmsg` gives: packets, or an error. */
export type Reading = { readonly packets: readonly Uint8Array[] } | { readonly errno: number };

/**
 * A kernel that takes every socket and option, sends nothing, and receives what a test has put there: one
 * reading for each call, then EAGAIN for ever.
 */
export class FakeLibc implements Libc {
  readonly readings: Reading[] = [];
  readonly wallTime = { seconds: 1_700_000_000, nanoseconds: 0 };
  #errno = 0;
  #nextAddress = 0x1000n;
  #nextDescriptor = 100;
  readonly #memory: { readonly from: bigint; readonly buffer: ArrayBuffer }[] = [];

  readonly allocate = (bytes: number): NativeMemory => {
    const buffer = new ArrayBuffer(bytes);
    const from = this.#nextAddress;
    this.#nextAddress += BigInt(bytes) + 0x1000n;
    this.#memory.push({ from, buffer });
    return { address: from, buffer, free: () => {} };
  };

  /** The memory from an address to the end of its block. */
  #at(address: bigint): DataView {
    const block = this.#memory.findLast(({ from }) => from <= address);
    if (block === undefined) throw new Error(`no memory at ${address}`);
    return new DataView(block.buffer, Number(address - block.from));
  }

  readonly recvmmsg = (_descriptor: number, headers: bigint, count: number, flags: number) => {
    const reading = (flags & MSG_ERRQUEUE) === 0 ? this.readings.shift() : undefined;
    if (reading === undefined || "errno" in reading) {
      this.#errno = reading?.errno ?? EAGAIN;
      return -1;
    }
    if (reading.packets.length > count) throw new Error(`asked for ${count} packets`);
    for (const [at, packet] of reading.packets.entries()) {
      const header = this.#at(headers + BigInt(at * HEADER_BYTES));
      const iovec = this.#at(header.getBigUint64(16, true));
      const data = this.#at(iovec.getBigUint64(0, true));
      for (const [place, byte] of packet.entries()) data.setUint8(place, byte);
      header.setUint32(CONTROL_BYTES_AT, 0, true);
      header.setUint32(MESSAGE_BYTES_AT, packet.length, true);
    }
    return reading.packets.length;
  };

  readonly errno = (): number => this.#errno;
  readonly errnoName = (errno: number): string => `errno ${errno}`;
  readonly socket = (): number => {
    this.#nextDescriptor += 1;
    return this.#nextDescriptor;
  };
  readonly bind = (): number => 0;
  readonly close = (): number => 0;
  readonly setOption = (): number => 0;
  readonly getIntegerOption = (): number => 0;
  readonly socketDrops = (): number => 0;
  readonly sendmmsg = (_descriptor: number, _headers: bigint, count: number): number => count;
  readonly interfaceIndex = (): number => 0;
  readonly eventfd = (): number => 99;
  readonly quiet = (): void => {};
  readonly readWallTime = (): void => {};
  readonly poll = (): number => 0;
  readonly attachFilter = (): number => 0;
}
