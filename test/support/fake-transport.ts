import type { LossReason, SocketProfile } from "../../src/icmp/echo.ts";
import {
  ECHO_REPLY_V4,
  ECHO_REPLY_V6,
  ECHO_REQUEST_V4,
  ECHO_REQUEST_V6,
  fillerSum,
  ICMP_HEADER_BYTES,
  identifierAt,
  internetChecksum,
  sequenceAt,
  writeEchoRequest,
  writeFiller,
} from "../../src/icmp/packet.ts";
import { socketAddress } from "../../src/icmp/transport/socket-address.ts";
import {
  ADDRESS_WORDS,
  type PacketSink,
  type Transport,
  type TransportFigures,
} from "../../src/icmp/transport.ts";
import type { AddressFamily } from "../../src/runtime/address.ts";
import type { SteppingClock } from "./stepping-clock.ts";

/** An echo request as it leaves. */
export type FakeRequest = {
  /** Counts the requests of the transport, from 0. */
  readonly index: number;
  readonly profile: number;
  readonly address: Uint32Array;
  readonly sequence: number;
  readonly identifier: number;
  readonly payloadBytes: number;
  /** Monotonic. */
  readonly sentAtSeconds: number;
};

/** What comes back, `afterSeconds` after the request left. */
export type FakeAnswer = {
  readonly afterSeconds: number;
  /** An ICMP error instead of a reply. */
  readonly error?: LossReason;
  /** Source, when it is not the address sent to; of an error, the address it is about. */
  readonly from?: Uint32Array;
  /** Who sent the error; nobody known when left out. */
  readonly reporter?: Uint32Array;
  /** Changes the reply; its checksum is made right afterwards unless `isChecksumKept`. */
  readonly damage?: (message: Uint8Array) => Uint8Array;
  readonly isChecksumKept?: boolean;
  readonly hopLimit?: number;
  readonly hasNoStamp?: boolean;
};

/** What the network and the kernel do with a request. */
export type FakeFate =
  | { readonly kind: "refused"; readonly errno: number }
  | {
      readonly kind: "sent";
      readonly answers: readonly FakeAnswer[];
      /** From the send call to the transmit stamp; undefined gives none. Default 20 µs. */
      readonly stampAfterSeconds?: number | undefined;
      readonly hasNoStamp?: boolean;
    };

type Arrival = {
  readonly atSeconds: number;
  readonly order: number;
  readonly message: Uint8Array;
  readonly from: Uint32Array;
  readonly hopLimit: number;
  readonly hasNoStamp: boolean;
};
type Stamp = { readonly atSeconds: number; readonly slot: number };
type IcmpError = {
  readonly atSeconds: number;
  readonly request: FakeRequest;
  readonly from: Uint32Array;
  readonly reason: LossReason;
  readonly reporter: Uint32Array;
};

const DEFAULT_STAMP_SECONDS = 20e-6;
const HOP_LIMIT = 60;

/** The socket address of an IP address in text. */
export function addressOf(text: string): Uint32Array {
  return socketAddress(text, { interfaceIndex: () => 0 });
}

/**
 * A network and its socket in memory, on a clock that stands still until told otherwise.
 *
 * Replies wait in a receive buffer of `bufferPackets`; one that arrives when it is full is dropped and counted, as
 * the kernel does.
 */
export class FakeTransport implements Transport {
  readonly family: AddressFamily;
  readonly firstIdentifier = 0x1230;
  readonly replyDescriptors: readonly number[] = [];
  readonly profiles: SocketProfile[] = [];
  /** Everything that left, refused requests not counted. */
  readonly sent: FakeRequest[] = [];
  fate: (request: FakeRequest) => FakeFate = () => answered(0.01);
  bufferPackets = Number.POSITIVE_INFINITY;
  /** A drain that breaks off after so many replies, as under a flood. */
  drainLimit = Number.POSITIVE_INFINITY;
  /** Called when a request is queued, before anything leaves: a test may let time pass here. */
  onQueue: () => void = () => {};
  /** How often the error queue was read. */
  errorReads = 0;
  reservedBytes = 0;
  readonly #clock: SteppingClock;
  #requests = 0;
  #queued: { readonly request: FakeRequest; readonly slot: number; readonly packet: Uint8Array }[] =
    [];
  #arrivals: Arrival[] = [];
  #stamps: Stamp[] = [];
  #errors: IcmpError[] = [];
  #order = 0;
  #drops = 0;

  readonly #areDropsCounted: boolean;

  constructor(options: {
    readonly clock: SteppingClock;
    readonly family?: AddressFamily;
    readonly areDropsCounted?: boolean;
  }) {
    this.#areDropsCounted = options.areDropsCounted ?? true;
    this.#clock = options.clock;
    this.family = options.family ?? "ipv4";
  }

  openProfile(profile: SocketProfile): number {
    this.profiles.push(profile);
    return this.profiles.length - 1;
  }

  reservePayload(payloadBytes: number): void {
    this.reservedBytes = Math.max(this.reservedBytes, payloadBytes);
  }

  queue(
    profile: number,
    slot: number,
    _timeoutSeconds: number,
    cookie: number,
    payloadBytes: number,
    words: Uint32Array,
    addressWord: number,
  ): void {
    if (payloadBytes > this.reservedBytes) throw new Error("no room was reserved for the payload");
    this.onQueue();
    const identifier = this.firstIdentifier + (slot >>> 16);
    const sequence = slot & 0xffff;
    const packet = new Uint8Array(ICMP_HEADER_BYTES + payloadBytes);
    writeFiller(packet, 0, payloadBytes);
    const type = this.family === "ipv6" ? ECHO_REQUEST_V6 : ECHO_REQUEST_V4;
    const filler = fillerSum(payloadBytes);
    writeEchoRequest(packet, 0, type, identifier, sequence, cookie, payloadBytes, filler);
    const request: FakeRequest = {
      index: this.#requests,
      profile,
      address: words.slice(addressWord, addressWord + ADDRESS_WORDS),
      sequence,
      identifier,
      payloadBytes,
      sentAtSeconds: this.#clock.monotonicSeconds(),
    };
    this.#requests += 1;
    this.#queued.push({ request, slot, packet });
  }

  flush(sink: PacketSink): void {
    for (const { request, slot, packet } of this.#queued.splice(0)) {
      const fate = this.fate(request);
      if (fate.kind === "refused") {
        sink.unsent(slot, fate.errno);
        continue;
      }
      const now = this.#clock.monotonicSeconds();
      sink.sent(slot, ...this.#clock.stampAt(now));
      this.sent.push({ ...request, sentAtSeconds: now });
      const stampAt = now + (fate.stampAfterSeconds ?? DEFAULT_STAMP_SECONDS);
      if (fate.hasNoStamp !== true) this.#stamps.push({ atSeconds: stampAt, slot });
      for (const answer of fate.answers) this.#schedule(request, packet, answer, stampAt);
    }
  }

  #schedule(request: FakeRequest, packet: Uint8Array, answer: FakeAnswer, leftAt: number): void {
    const atSeconds = leftAt + answer.afterSeconds;
    const from = answer.from ?? request.address;
    if (answer.error !== undefined) {
      const reporter = answer.reporter ?? new Uint32Array(ADDRESS_WORDS);
      this.#errors.push({ atSeconds, request, from, reason: answer.error, reporter });
      return;
    }
    let message: Uint8Array = packet.slice();
    message[0] = this.family === "ipv6" ? ECHO_REPLY_V6 : ECHO_REPLY_V4;
    message = correct(message);
    if (answer.damage !== undefined) {
      message = answer.damage(message);
      if (answer.isChecksumKept !== true) message = correct(message);
    }
    this.inject({
      atSeconds,
      message,
      from,
      hopLimit: answer.hopLimit ?? HOP_LIMIT,
      hasNoStamp: answer.hasNoStamp === true,
    });
  }

  /** Puts a packet of anybody's on its way. */
  inject(arrival: Omit<Arrival, "order">): void {
    this.#order += 1;
    this.#arrivals.push({ ...arrival, order: this.#order });
  }

  drainErrors(sink: PacketSink): void {
    this.errorReads += 1;
    const now = this.#clock.monotonicSeconds();
    for (const stamp of take(this.#stamps, now)) {
      sink.transmitStamp(stamp.slot, ...this.#clock.stampAt(stamp.atSeconds));
    }
    for (const { request, from, reason, reporter } of take(this.#errors, now)) {
      sink.icmpError(
        this.#slotAt(request.identifier, request.sequence),
        from,
        0,
        reason,
        reporter,
        0,
      );
    }
  }

  drainReplies(sink: PacketSink): boolean {
    this.#dropOverflow();
    const arrived = take(this.#arrivals, this.#clock.monotonicSeconds());
    const now = arrived.toSorted((a, b) => a.atSeconds - b.atSeconds || a.order - b.order);
    this.#arrivals.push(...now.splice(this.drainLimit));
    for (const arrival of now) {
      const [seconds, nanoseconds] = arrival.hasNoStamp
        ? [0, 0]
        : this.#clock.stampAt(arrival.atSeconds);
      // Somewhere in a larger buffer, as in an arena.
      const packet = new Uint8Array(arrival.message.length + 7);
      packet.set(arrival.message, 5);
      const words = new Uint32Array(3 + ADDRESS_WORDS);
      words.set(arrival.from, 3);
      const isChecked = this.family === "ipv6";
      const { length } = arrival.message;
      if (length < ICMP_HEADER_BYTES) {
        sink.foreign();
        continue;
      }
      const slot = this.#slotAt(identifierAt(packet, 5), sequenceAt(packet, 5));
      const { hopLimit } = arrival;
      sink.reply(packet, 5, length, slot, words, 3, isChecked, hopLimit, seconds, nanoseconds);
    }
    return this.#arrivals.every(({ atSeconds }) => atSeconds > this.#clock.monotonicSeconds());
  }

  #slotAt(identifier: number, sequence: number): number {
    return (identifier - this.firstIdentifier) * 0x1_0000 + sequence;
  }

  #dropOverflow(): void {
    const waiting = this.#arrivals
      .filter(({ atSeconds }) => atSeconds <= this.#clock.monotonicSeconds())
      .toSorted((a, b) => a.atSeconds - b.atSeconds || a.order - b.order);
    const dropped = new Set(waiting.slice(this.bufferPackets));
    this.#drops = (this.#drops + dropped.size) >>> 0;
    this.#arrivals = this.#arrivals.filter((arrival) => !dropped.has(arrival));
  }

  /** As if other processes' packets had overflowed the buffer. */
  addDrops(count: number): void {
    this.#drops = (this.#drops + count) >>> 0;
  }

  readDrops(): number {
    this.#dropOverflow();
    return this.#areDropsCounted ? this.#drops : -1;
  }

  figures(): TransportFigures {
    return {
      family: this.family,
      transport: "raw",
      transmitStamp: "kernel",
      receiveBufferBytes: 0,
    };
  }

  close(): void {
    this.#queued = [];
  }
}

/** Answered once, so long after the transmit stamp. */
export function answered(afterSeconds: number): FakeFate {
  return { kind: "sent", answers: [{ afterSeconds }] };
}

/** Sent, and never heard of again. */
export function silent(): FakeFate {
  return { kind: "sent", answers: [] };
}

function correct(message: Uint8Array): Uint8Array {
  const packet = message.slice();
  packet[2] = 0;
  packet[3] = 0;
  const checksum = internetChecksum(packet);
  packet[2] = checksum >>> 8;
  packet[3] = checksum & 0xff;
  return packet;
}

/** Takes out of a list what has arrived. */
function take<T extends { readonly atSeconds: number }>(list: T[], nowSeconds: number): T[] {
  const arrived = list.filter(({ atSeconds }) => atSeconds <= nowSeconds);
  const waiting = list.filter(({ atSeconds }) => atSeconds > nowSeconds);
  list.splice(0, list.length, ...waiting);
  return arrived;
}
