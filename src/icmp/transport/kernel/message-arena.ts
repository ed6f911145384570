import type { Libc, NativeMemory } from "./libc.ts";

/** struct mmsghdr: msghdr of 56 bytes, then u32 msg_len, padded (64-bit, measured). */
const HEADER_BYTES = 64;
const IOVEC_BYTES = 16;
/** Room for a sockaddr_in6 (28 bytes), aligned. */
export const NAME_BYTES = 32;

/**
 * Memory for one batch of messages of `sendmmsg` or `recvmmsg`. [hot]
 *
 * Layout: headers, io vectors, names, control data, packets, one after another; every message keeps its places
 * for good, so that only lengths change from call to call. Integers are little-endian, as the host is.
 */
export class MessageArena {
  readonly messages: number;
  readonly dataBytes: number;
  readonly controlBytes: number;
  readonly headersAddress: bigint;
  /** The whole block as bytes and as 32-bit words. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly #memory: NativeMemory;
  readonly #iovecs: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #data: number;

  constructor(
    libc: Libc,
    sizes: { readonly messages: number; readonly controlBytes: number; readonly dataBytes: number },
  ) {
    this.messages = sizes.messages;
    this.dataBytes = roundedUp(sizes.dataBytes);
    this.controlBytes = roundedUp(sizes.controlBytes);
    this.#iovecs = this.messages * HEADER_BYTES;
    this.#names = this.#iovecs + this.messages * IOVEC_BYTES;
    this.#controls = this.#names + this.messages * NAME_BYTES;
    this.#data = this.#controls + this.messages * this.controlBytes;
    this.#memory = libc.allocate(this.#data + this.messages * this.dataBytes);
    this.headersAddress = this.#memory.address;
    this.bytes = new Uint8Array(this.#memory.buffer);
    this.words = new Uint32Array(this.#memory.buffer);
    this.#point();
  }

  #point(): void {
    const view = new DataView(this.#memory.buffer);
    const at = (offset: number): bigint => this.#memory.address + BigInt(offset);
    for (let message = 0; message < this.messages; message += 1) {
      const header = message * HEADER_BYTES;
      const iovec = this.#iovecs + message * IOVEC_BYTES;
      view.setBigUint64(iovec, at(this.dataOffset(message)), true);
      view.setBigUint64(iovec + 8, BigInt(this.dataBytes), true);
      view.setBigUint64(header, at(this.nameOffset(message)), true);
      view.setUint32(header + 8, NAME_BYTES, true);
      view.setBigUint64(header + 16, at(iovec), true);
      view.setBigUint64(header + 24, 1n, true);
      const hasControl = this.controlBytes > 0;
      view.setBigUint64(header + 32, hasControl ? at(this.controlOffset(message)) : 0n, true);
      view.setBigUint64(header + 40, BigInt(this.controlBytes), true);
    }
  }

  /** Address of the header of a message, for a call that begins in the middle of the batch. */
  headerAddress(message: number): bigint {
    return message === 0
      ? this.headersAddress
      : this.headersAddress + BigInt(message * HEADER_BYTES);
  }

  nameOffset(message: number): number {
    return this.#names + message * NAME_BYTES;
  }

  controlOffset(message: number): number {
    return this.#controls + message * this.controlBytes;
  }

  dataOffset(message: number): number {
    return this.#data + message * this.dataBytes;
  }

  setNameBytes(message: number, bytes: number): void {
    this.words[(message * HEADER_BYTES + 8) >>> 2] = bytes;
  }

  /** How many bytes of a packet to send. */
  setDataBytes(message: number, bytes: number): void {
    this.words[(this.#iovecs + message * IOVEC_BYTES + 8) >>> 2] = bytes;
  }

  /** Gives a message its whole room for control data again: each receive call shrinks it. */
  restoreControl(message: number): void {
    this.words[(message * HEADER_BYTES + 40) >>> 2] = this.controlBytes;
    this.words[(message * HEADER_BYTES + 8) >>> 2] = NAME_BYTES;
  }

  /** Bytes of control data that came. */
  controlBytesOf(message: number): number {
    return this.words[(message * HEADER_BYTES + 40) >>> 2] ?? 0;
  }

  /** Bytes of the packet that came, or were sent. */
  dataBytesOf(message: number): number {
    return this.words[(message * HEADER_BYTES + 56) >>> 2] ?? 0;
  }

  free(): void {
    this.#memory.free();
  }
}

function roundedUp(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
