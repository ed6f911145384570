import * as c from "../../src/icmp/transport/kernel/libc.ts";

/** struct mmsghdr and what it points to, 64-bit. */
const HEADER_BYTES = 64;
const CONTROL_BYTES_AT = 40;
const MESSAGE_BYTES_AT = 56;
const ICMP_HEADER_BYTES = 8;
const NAME_BYTES = 28;

/** What one `recvmmsg` gives: packets, or an error. */
export type Reading = { readonly packets: readonly Uint8Array[] } | { readonly errno: number };

/** An ICMP error as it waits in the error queue. */
export type FakeIcmpError = {
  readonly type: number;
  readonly code: number;
  /** The request it is about, from its ICMP header on. */
  readonly quoted: Uint8Array;
  readonly target: Uint8Array;
  readonly offender: Uint8Array;
};

type ErrorMessage = {
  readonly control: Uint8Array;
  readonly data: Uint8Array;
  readonly name: Uint8Array;
};
type FakeSocket = { nextKey: number; isNumbered: boolean; readonly errors: ErrorMessage[] };

/**
 * A kernel that takes every option, stamps what is sent, and receives what a test has put there: one reading for
 * each call, then EAGAIN for ever.
 *
 * Packets are numbered for each socket from when OPT_ID was switched on. A transmit stamp's nanoseconds are the
 * sequence number of its packet, so that a test sees whose it is.
 */
export class FakeLibc implements c.Libc {
  readonly readings: Reading[] = [];
  readonly wallTime = { seconds: 1_700_000_000, nanoseconds: 0 };
  /** What left: socket and sequence number. */
  readonly sent: { readonly descriptor: number; readonly sequence: number }[] = [];
  /** Whether the kernel refuses to send a packet: an errno, 0 when it does not. */
  refuses: (sequence: number) => number = () => 0;
  /** Numbers that a refused packet uses up. */
  keysOfRefused = 0;
  /** Errno that the next send fails with, whatever it is about; as often as it is here. */
  readonly pendingErrnos: number[] = [];
  /** Called before each packet is handed over. */
  onSend: (descriptor: number) => void = () => {};
  /** Errno of opening a socket; 0 when it is opened. */
  socketErrno = 0;
  readonly opened: number[] = [];
  readonly closed: number[] = [];
  readonly drops = new Map<number, number>();
  #errno = 0;
  #nextAddress = 0x1000n;
  #nextDescriptor = 100;
  readonly #memory: { readonly from: bigint; readonly buffer: ArrayBuffer }[] = [];
  readonly #sockets = new Map<number, FakeSocket>();

  readonly allocate = (bytes: number): c.NativeMemory => {
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

  #header(headers: bigint, message: number): DataView {
    return this.#at(headers + BigInt(message * HEADER_BYTES));
  }

  #fail(errno: number): number {
    this.#errno = errno;
    return -1;
  }

  readonly recvmmsg = (descriptor: number, headers: bigint, count: number, flags: number) => {
    if ((flags & c.MSG_ERRQUEUE) !== 0) return this.#readErrors(descriptor, headers, count);
    const reading = this.readings.shift();
    if (reading === undefined || "errno" in reading) return this.#fail(reading?.errno ?? c.EAGAIN);
    if (reading.packets.length > count) throw new Error(`asked for ${count} packets`);
    for (const [at, packet] of reading.packets.entries()) {
      this.#fill(this.#header(headers, at), packet, new Uint8Array(0));
    }
    return reading.packets.length;
  };

  #readErrors(descriptor: number, headers: bigint, count: number): number {
    const messages = this.#socketOf(descriptor).errors.splice(0, count);
    for (const [at, { control, data, name }] of messages.entries()) {
      const header = this.#header(headers, at);
      this.#fill(header, data, control);
      copy(name, this.#at(header.getBigUint64(0, true)));
    }
    return messages.length === 0 ? this.#fail(c.EAGAIN) : messages.length;
  }

  #fill(header: DataView, packet: Uint8Array, control: Uint8Array): void {
    const iovec = this.#at(header.getBigUint64(16, true));
    copy(packet, this.#at(iovec.getBigUint64(0, true)));
    if (control.length > 0) copy(control, this.#at(header.getBigUint64(32, true)));
    header.setUint32(CONTROL_BYTES_AT, control.length, true);
    header.setUint32(MESSAGE_BYTES_AT, packet.length, true);
  }

  readonly sendmmsg = (descriptor: number, headers: bigint, count: number): number => {
    for (let at = 0; at < count; at += 1) {
      this.onSend(descriptor);
      const iovec = this.#at(this.#header(headers, at).getBigUint64(16, true));
      const sequence = this.#at(iovec.getBigUint64(0, true)).getUint16(6, false);
      const errno = this.pendingErrnos.shift() ?? this.refuses(sequence);
      if (errno !== 0) {
        this.#socketOf(descriptor).nextKey += this.keysOfRefused;
        // What was sent before is told, and why the rest was not is forgotten (sendmmsg(2)).
        return at > 0 ? at : this.#fail(errno);
      }
      this.sent.push({ descriptor, sequence });
      this.#stamp(descriptor, sequence);
    }
    return count;
  };

  #stamp(descriptor: number, sequence: number): void {
    const socket = this.#socketOf(descriptor);
    if (!socket.isNumbered) return;
    const stamp = new DataView(new ArrayBuffer(48));
    stamp.setBigInt64(0, BigInt(this.wallTime.seconds), true);
    stamp.setBigInt64(8, BigInt(sequence), true);
    const error = new DataView(new ArrayBuffer(32));
    error.setUint8(4, c.SO_EE_ORIGIN_TIMESTAMPING);
    error.setUint32(12, socket.nextKey, true);
    socket.nextKey += 1;
    socket.errors.push({
      control: Uint8Array.from([
        ...controlMessage(c.SOL_SOCKET, c.SO_TIMESTAMPING, new Uint8Array(stamp.buffer)),
        ...controlMessage(c.SOL_IP, c.IP_RECVERR, new Uint8Array(error.buffer)),
      ]),
      data: new Uint8Array(0),
      name: new Uint8Array(0),
    });
  }

  /** An ICMP error comes in. */
  addIcmpError(descriptor: number, error: FakeIcmpError): void {
    const data = new Uint8Array(16 + error.offender.length);
    data.set([c.SO_EE_ORIGIN_ICMP, error.type, error.code], 4);
    data.set(error.offender, 16);
    this.#socketOf(descriptor).errors.push({
      control: controlMessage(c.SOL_IP, c.IP_RECVERR, data),
      data: error.quoted,
      name: error.target.subarray(0, NAME_BYTES),
    });
  }

  #socketOf(descriptor: number): FakeSocket {
    const found = this.#sockets.get(descriptor);
    if (found === undefined) throw new Error(`no socket ${descriptor}`);
    return found;
  }

  readonly errno = (): number => this.#errno;
  errnoName = (errno: number): string => `errno ${errno}`;
  readonly errnoNumber = (name: string): number => Number(name.replace("errno ", ""));

  readonly socket = (): number => {
    if (this.socketErrno !== 0) return this.#fail(this.socketErrno);
    this.#nextDescriptor += 1;
    this.opened.push(this.#nextDescriptor);
    this.#sockets.set(this.#nextDescriptor, { nextKey: 0, isNumbered: false, errors: [] });
    return this.#nextDescriptor;
  };

  readonly close = (descriptor: number): number => {
    this.closed.push(descriptor);
    return 0;
  };

  readonly setOption = (
    descriptor: number,
    level: number,
    option: number,
    value: number | Uint8Array,
  ): number => {
    if (level === c.SOL_SOCKET && option === c.SO_TIMESTAMPING && typeof value === "number") {
      const socket = this.#socketOf(descriptor);
      const isNumbered = (value & c.SOF_TIMESTAMPING_OPT_ID) !== 0;
      if (isNumbered && !socket.isNumbered) socket.nextKey = 0;
      socket.isNumbered = isNumbered;
    }
    return 0;
  };

  readonly socketDrops = (descriptor: number): number => this.drops.get(descriptor) ?? 0;
  readonly bind = (): number => 0;
  readonly getIntegerOption = (): number => 0;
  readonly interfaceIndex = (): number => 0;
  readonly eventfd = (): number => 99;
  readonly quiet = (): void => {};
  readonly readWallTime = (): void => {};
  readonly poll = (): number => 0;
  readonly attachFilter = (): number => 0;
}

/** @see cmsg(3) */
function controlMessage(level: number, type: number, data: Uint8Array): Uint8Array {
  const message = new Uint8Array(Math.ceil((16 + data.length) / 8) * 8);
  const view = new DataView(message.buffer);
  view.setBigUint64(0, BigInt(16 + data.length), true);
  view.setInt32(8, level, true);
  view.setInt32(12, type, true);
  message.set(data, 16);
  return message;
}

function copy(bytes: Uint8Array, to: DataView): void {
  new Uint8Array(to.buffer, to.byteOffset, bytes.length).set(bytes);
}

/** An echo message with a header alone. */
export function echoMessage(type: number, sequence: number, identifier = 0): Uint8Array {
  const message = new Uint8Array(ICMP_HEADER_BYTES);
  const view = new DataView(message.buffer);
  view.setUint8(0, type);
  view.setUint16(4, identifier, false);
  view.setUint16(6, sequence, false);
  return message;
}
