import type { AddressFamily } from "../../../runtime/address.ts";
import type { SocketProfile } from "../../echo.ts";
import {
  ECHO_REPLY_V4,
  ECHO_REPLY_V6,
  ICMP_HEADER_BYTES,
  identifierAt,
  sequenceAt,
} from "../../packet.ts";
import {
  IcmpSocketError,
  type PacketSink,
  type Transport,
  type TransportFigures,
} from "../../transport.ts";
import { ProfileTable } from "../profile-table.ts";
import { DEFAULT_PAYLOAD_BYTES } from "./arena-sizes.ts";
import { ErrorQueue, type SlotAt } from "./error-queue.ts";
import * as c from "./libc.ts";
import { openIcmpSocket } from "./open-socket.ts";
import { OutgoingBatch } from "./outgoing-batch.ts";
import { ReplyReader, type TakePacket } from "./reply-reader.ts";
import { SendSocket } from "./send-socket.ts";
import { setReceiveBuffer } from "./socket-profile.ts";
import { sendBatch } from "./stamped-sender.ts";

/** An IPv4 header with options (RFC 791 section 3.1). */
const MAX_IP_HEADER_BYTES = 60;

/**
 * Raw ICMP sockets by batch calls: `sendmmsg`, `recvmmsg`, kernel stamps, the error queue. [hot]
 *
 * One socket receives for the family, whatever profile sent: raw sockets get every reply of the host, so a second
 * one would count each twice. Each profile has a socket that only sends.
 */
export class RawTransport implements Transport {
  readonly family: AddressFamily;
  readonly #firstIdentifier: number;
  readonly #libc: c.Libc;
  readonly #isVersion6: boolean;
  readonly #receiveDescriptor: number;
  readonly #profiles = new ProfileTable<SendSocket>();
  readonly #errors: ErrorQueue;
  readonly #outgoing: OutgoingBatch;
  readonly #incoming: ReplyReader;
  #payloadBytes = DEFAULT_PAYLOAD_BYTES;
  #queuedProfile = 0;

  /**
   * @param options.firstIdentifier A multiple of 16; replies with one of the 16 identifiers from it on are ours.
   * @throws IcmpSocketError when the process may not open raw sockets.
   */
  constructor(options: {
    readonly libc: c.Libc;
    readonly family: AddressFamily;
    readonly firstIdentifier: number;
    readonly receiveBufferBytes: number;
  }) {
    this.family = options.family;
    this.#firstIdentifier = options.firstIdentifier;
    this.#libc = options.libc;
    this.#isVersion6 = options.family === "ipv6";
    this.#receiveDescriptor = openIcmpSocket(options.libc, options.family, "raw");
    this.#setUpReceiver(options.receiveBufferBytes);
    this.#errors = new ErrorQueue(options.libc, options.family);
    this.#outgoing = new OutgoingBatch(options.libc, this.#isVersion6, this.#payloadBytes);
    const headerBytes = this.#isVersion6 ? 0 : MAX_IP_HEADER_BYTES;
    this.#incoming = new ReplyReader(options.libc, headerBytes, this.#payloadBytes);
  }

  #setUpReceiver(bufferBytes: number): void {
    const { setOption } = this.#libc;
    const descriptor = this.#receiveDescriptor;
    if (this.#isVersion6) {
      const filter = new Uint8Array(32).fill(0xff);
      filter[ECHO_REPLY_V6 >> 3] = 0xff & ~(1 << (ECHO_REPLY_V6 & 7));
      setOption(descriptor, c.SOL_ICMPV6, c.ICMPV6_FILTER, filter);
      setOption(descriptor, c.SOL_IPV6, c.IPV6_RECVERR, 1);
      setOption(descriptor, c.SOL_IPV6, c.IPV6_RECVHOPLIMIT, 1);
    } else {
      setOption(descriptor, c.SOL_RAW, c.ICMP_FILTER, ~(1 << ECHO_REPLY_V4));
      setOption(descriptor, c.SOL_IP, c.IP_RECVERR, 1);
    }
    this.#passOwnIdentifiers();
    setReceiveBuffer(this.#libc, descriptor, bufferBytes);
    setOption(
      descriptor,
      c.SOL_SOCKET,
      c.SO_TIMESTAMPING,
      c.SOF_TIMESTAMPING_RX_SOFTWARE | c.SOF_TIMESTAMPING_SOFTWARE,
    );
  }

  /** @see linux/bpf_common.h for the codes; the filter sees the IP header first on IPv4 raw sockets only. */
  #passOwnIdentifiers(): void {
    const loadIdentifier: readonly c.BpfInstruction[] = this.#isVersion6
      ? [[0x28, 0, 0, 4]]
      : [
          [0xb1, 0, 0, 0],
          [0x48, 0, 0, 4],
        ];
    const result = this.#libc.attachFilter(this.#receiveDescriptor, [
      ...loadIdentifier,
      [0x54, 0, 0, 0xfff0],
      [0x15, 0, 1, this.#firstIdentifier],
      [0x06, 0, 0, 0xffff_ffff],
      [0x06, 0, 0, 0],
    ]);
    if (result < 0) {
      const errno = this.#libc.errnoName(this.#libc.errno());
      throw new IcmpSocketError(this.family, errno, `Cannot attach the packet filter: ${errno}`);
    }
  }

  openProfile(profile: SocketProfile): number {
    return this.#profiles.numberOf(
      this.family,
      profile,
      () => new SendSocket(this.#libc, profile, this.#errors),
    );
  }

  reservePayload(payloadBytes: number): void {
    if (payloadBytes <= this.#payloadBytes) return;
    this.#outgoing.resize(payloadBytes);
    this.#incoming.resize(payloadBytes);
    this.#payloadBytes = payloadBytes;
  }

  queue(
    profile: number,
    slot: number,
    _timeoutSeconds: number,
    cookie: number,
    payloadBytes: number,
    words: Uint32Array,
    addressWord: number,
    sink: PacketSink,
  ): void {
    if (profile !== this.#queuedProfile || this.#outgoing.isFull) {
      this.flush(sink);
      this.#queuedProfile = profile;
    }
    const identifier = this.#firstIdentifier + (slot >>> 16);
    this.#outgoing.add(slot, identifier, cookie, payloadBytes, words, addressWord);
  }

  flush(sink: PacketSink): void {
    const count = this.#outgoing.take();
    const sender = this.#profiles.items[this.#queuedProfile];
    if (count === 0 || sender === undefined) return;
    sendBatch(this.#libc, sender, this.#outgoing, count, sink);
  }

  drainErrors(sink: PacketSink): void {
    for (const sender of this.#profiles.items) sender.drainErrors(sink);
    this.#errors.drain(this.#receiveDescriptor, undefined, this.#slotAt, sink);
  }

  /** Below 0 for an identifier of others. */
  readonly #slotAt: SlotAt = (bytes, message) => {
    const block = identifierAt(bytes, message) - this.#firstIdentifier;
    return block * 0x1_0000 + sequenceAt(bytes, message);
  };

  drainReplies(sink: PacketSink): boolean {
    return this.#incoming.drain(this.#receiveDescriptor, this.#takePacket, sink);
  }

  readonly #takePacket: TakePacket = (arena, packet, length, name, control, sink) => {
    const { bytes } = arena;
    // IPv4 raw sockets hand over the IP header (raw(7)); its length counts words of 32 bits.
    const header = this.#isVersion6 ? 0 : ((bytes[packet] ?? 0) & 0xf) * 4;
    const type = this.#isVersion6 ? ECHO_REPLY_V6 : ECHO_REPLY_V4;
    if (length < header + ICMP_HEADER_BYTES || bytes[packet + header] !== type) {
      sink.foreign();
      return;
    }
    sink.reply(
      bytes,
      packet + header,
      length - header,
      this.#slotAt(bytes, packet + header),
      arena.words,
      name,
      this.#isVersion6,
      this.#isVersion6 ? control.hopLimit : (bytes[packet + 8] ?? Number.NaN),
      control.seconds,
      control.nanoseconds,
    );
  };

  readDrops(): number {
    return this.#libc.socketDrops(this.#receiveDescriptor);
  }

  get replyDescriptors(): readonly number[] {
    return [this.#receiveDescriptor];
  }

  figures(): TransportFigures {
    return {
      family: this.family,
      transport: "raw",
      transmitStamp: "kernel",
      receiveBufferBytes: this.#libc.getIntegerOption(
        this.#receiveDescriptor,
        c.SOL_SOCKET,
        c.SO_RCVBUF,
      ),
    };
  }

  close(): void {
    for (const sender of this.#profiles.items) sender.close();
    this.#libc.close(this.#receiveDescriptor);
    this.#outgoing.free();
    this.#incoming.free();
    this.#errors.free();
  }
}
