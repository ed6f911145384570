import type { AddressFamily } from "../../runtime/address.ts";
import type { SocketProfile } from "../echo.ts";
import {
  ECHO_REPLY_V4,
  ECHO_REPLY_V6,
  ECHO_REQUEST_V4,
  ECHO_REQUEST_V6,
  fillerSum,
  ICMP_HEADER_BYTES,
  identifierAt,
  sequenceAt,
  writeEchoRequest,
  writeFiller,
} from "../packet.ts";
import {
  ADDRESS_WORDS,
  IcmpSocketError,
  type PacketSink,
  type Transport,
  type TransportFigures,
} from "../transport.ts";
import { ControlMessages } from "./control-messages.ts";
import { lossReason } from "./icmp-error.ts";
import * as c from "./libc.ts";
import { MessageArena } from "./message-arena.ts";
import { openRawSocket, SendSocket } from "./send-socket.ts";
import { SOCKADDR_IN_BYTES, SOCKADDR_IN6_BYTES } from "./socket-address.ts";

const BATCH = 64;
/** A batch of large packets is made shorter, so that an arena stays below this. */
const MAX_ARENA_BYTES = 2 * 2 ** 20;
const MIN_BATCH = 4;
/** An IPv4 header with options (RFC 791 section 3.1). */
const MAX_IP_HEADER_BYTES = 60;
/** A stamp and a hop limit take 88 bytes; a stamp and an extended error with its offender 128. */
const CONTROL_BYTES = 192;
const MIN_RECEIVE_BYTES = 256;
/** Enough of the quoted request for its identifier and sequence. */
const ERROR_DATA_BYTES = 64;
/** More replies than this in one go are somebody's flood; deadlines then wait for the next tick. */
const MAX_REPLIES_PER_DRAIN = 262_144;
const MAX_ERRORS_PER_DRAIN = 16_384;
/** Profiles, and so sockets, of one family. */
const MAX_PROFILES = 64;

/**
 * Raw ICMP sockets by batch calls: `sendmmsg`, `recvmmsg`, kernel stamps, the error queue. [hot]
 *
 * One socket receives for the family, whatever profile sent: raw sockets get every reply of the host, so a second
 * one would count each twice. Each profile has a socket that only sends.
 */
export class LinuxTransport implements Transport {
  readonly family: AddressFamily;
  readonly #firstIdentifier: number;
  readonly #libc: c.Libc;
  readonly #isVersion6: boolean;
  readonly #receiveDescriptor: number;
  readonly #senders: SendSocket[] = [];
  readonly #control = new ControlMessages();
  readonly #errors: MessageArena;
  #outgoing: MessageArena;
  #incoming: MessageArena;
  #payloadBytes = 56;
  /** Payload bytes whose filler a message of `#outgoing` holds; −1 for none yet. */
  #filledBytes = new Int32Array(BATCH).fill(-1);
  #fillerSums = new Map<number, number>();
  #queuedProfile = 0;
  readonly #queuedSlots = new Int32Array(BATCH);
  #queued = 0;

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
    this.#receiveDescriptor = openRawSocket(options.libc, options.family);
    this.#setUpReceiver(options.receiveBufferBytes);
    this.#errors = new MessageArena(options.libc, {
      messages: BATCH,
      controlBytes: CONTROL_BYTES,
      dataBytes: ERROR_DATA_BYTES,
    });
    this.#outgoing = this.#outgoingArena(this.#payloadBytes);
    this.#incoming = this.#incomingArena(this.#payloadBytes);
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
    if (setOption(descriptor, c.SOL_SOCKET, c.SO_RCVBUFFORCE, bufferBytes) < 0) {
      setOption(descriptor, c.SOL_SOCKET, c.SO_RCVBUF, bufferBytes);
    }
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

  #outgoingArena(payloadBytes: number): MessageArena {
    const dataBytes = ICMP_HEADER_BYTES + payloadBytes;
    return new MessageArena(this.#libc, {
      messages: batchOf(dataBytes),
      controlBytes: 0,
      dataBytes,
    });
  }

  #incomingArena(payloadBytes: number): MessageArena {
    const dataBytes = Math.max(
      MAX_IP_HEADER_BYTES + ICMP_HEADER_BYTES + payloadBytes,
      MIN_RECEIVE_BYTES,
    );
    return new MessageArena(this.#libc, {
      messages: batchOf(dataBytes),
      controlBytes: CONTROL_BYTES,
      dataBytes,
    });
  }

  openProfile(profile: SocketProfile): number {
    const key = JSON.stringify(profile);
    const found = this.#senders.findIndex((sender) => JSON.stringify(sender.profile) === key);
    if (found !== -1) return found;
    if (this.#senders.length >= MAX_PROFILES) {
      throw new IcmpSocketError(
        this.family,
        "EMFILE",
        `Cannot open another ${this.family} ICMP socket: at most ${MAX_PROFILES} different sets of socket options`,
      );
    }
    this.#senders.push(new SendSocket(this.#libc, profile));
    return this.#senders.length - 1;
  }

  reservePayload(payloadBytes: number): void {
    if (payloadBytes <= this.#payloadBytes) return;
    // The old memory goes when the new is there: what is freed twice, here and in `close`, ends the process.
    const outgoing = this.#outgoingArena(payloadBytes);
    const incoming = this.#incomingArena(payloadBytes);
    this.#outgoing.free();
    this.#incoming.free();
    this.#outgoing = outgoing;
    this.#incoming = incoming;
    this.#payloadBytes = payloadBytes;
    this.#filledBytes.fill(-1);
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
    const arena = this.#outgoing;
    if (profile !== this.#queuedProfile || this.#queued === arena.messages) {
      this.flush(sink);
      this.#queuedProfile = profile;
    }
    const message = this.#queued;
    const data = arena.dataOffset(message);
    if (this.#filledBytes[message] !== payloadBytes) {
      writeFiller(arena.bytes, data, payloadBytes);
      this.#filledBytes[message] = payloadBytes;
    }
    writeEchoRequest(
      arena.bytes,
      data,
      this.#isVersion6 ? ECHO_REQUEST_V6 : ECHO_REQUEST_V4,
      this.#firstIdentifier + (slot >>> 16),
      slot & 0xffff,
      cookie,
      payloadBytes,
      this.#fillerSum(payloadBytes),
    );
    arena.setDataBytes(message, ICMP_HEADER_BYTES + payloadBytes);
    arena.setNameBytes(message, this.#isVersion6 ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES);
    const name = arena.nameOffset(message) >>> 2;
    for (let word = 0; word < ADDRESS_WORDS; word += 1) {
      arena.words[name + word] = words[addressWord + word] ?? 0;
    }
    this.#queuedSlots[message] = slot;
    this.#queued += 1;
  }

  #fillerSum(payloadBytes: number): number {
    let sum = this.#fillerSums.get(payloadBytes);
    if (sum === undefined) {
      sum = fillerSum(payloadBytes);
      this.#fillerSums.set(payloadBytes, sum);
    }
    return sum;
  }

  flush(sink: PacketSink): void {
    const count = this.#queued;
    if (count === 0) return;
    this.#queued = 0;
    this.#senders[this.#queuedProfile]?.send(
      this.#outgoing,
      this.#queuedSlots,
      count,
      sink,
      this.#control,
      this.#errors,
    );
  }

  drainErrors(sink: PacketSink): void {
    for (const sender of this.#senders) sender.drainStamps(sink, this.#control, this.#errors);
    this.#drainIcmpErrors(sink);
  }

  #drainIcmpErrors(sink: PacketSink): void {
    const arena = this.#errors;
    for (let read = 0; read < MAX_ERRORS_PER_DRAIN; ) {
      const count = this.#libc.recvmmsg(
        this.#receiveDescriptor,
        arena.headersAddress,
        arena.messages,
        c.MSG_ERRQUEUE,
      );
      if (count <= 0) return;
      for (let at = 0; at < count; at += 1) this.#takeError(arena, at, sink);
      if (count < arena.messages) return;
      read += count;
    }
  }

  #takeError(arena: MessageArena, message: number, sink: PacketSink): void {
    const control = this.#control;
    control.read(
      arena.bytes,
      arena.words,
      arena.controlOffset(message),
      arena.controlBytesOf(message),
    );
    arena.restoreControl(message);
    const data = arena.dataOffset(message);
    const isIcmp =
      control.errorOrigin === c.SO_EE_ORIGIN_ICMP || control.errorOrigin === c.SO_EE_ORIGIN_ICMP6;
    if (!isIcmp || arena.dataBytesOf(message) < ICMP_HEADER_BYTES) return;
    const request = this.#isVersion6 ? ECHO_REQUEST_V6 : ECHO_REQUEST_V4;
    const reason = lossReason(this.family, control.errorType, control.errorCode);
    if (arena.bytes[data] !== request || reason === undefined) return;
    sink.icmpError(
      this.#slotAt(arena.bytes, data),
      arena.words,
      arena.nameOffset(message) >>> 2,
      reason,
      arena.words,
      control.offenderWord,
    );
  }

  /** The echo that the identifier and the sequence number of a message name; below 0 for an identifier of others. */
  #slotAt(bytes: Uint8Array, message: number): number {
    const block = identifierAt(bytes, message) - this.#firstIdentifier;
    return block * 0x1_0000 + sequenceAt(bytes, message);
  }

  drainReplies(sink: PacketSink): boolean {
    const arena = this.#incoming;
    let read = 0;
    let refusals = 0;
    while (read < MAX_REPLIES_PER_DRAIN) {
      const count = this.#libc.recvmmsg(
        this.#receiveDescriptor,
        arena.headersAddress,
        arena.messages,
        0,
      );
      if (count < 0) {
        const errno = this.#libc.errno();
        if (errno === c.EAGAIN) return true;
        // A pending ICMP error is reported once in place of a packet; reading on gives the packets.
        refusals += 1;
        if (refusals > BATCH) return false;
        continue;
      }
      for (let at = 0; at < count; at += 1) this.#takeReply(arena, at, sink);
      // Fewer than asked for is no sign of the end: an ICMP error that came meanwhile ends the call as well (recvmmsg(2)).
      read += count;
    }
    return false;
  }

  #takeReply(arena: MessageArena, message: number, sink: PacketSink): void {
    const control = this.#control;
    control.read(
      arena.bytes,
      arena.words,
      arena.controlOffset(message),
      arena.controlBytesOf(message),
    );
    const length = Math.min(arena.dataBytesOf(message), arena.dataBytes);
    arena.restoreControl(message);
    const { bytes } = arena;
    const packet = arena.dataOffset(message);
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
      arena.nameOffset(message) >>> 2,
      this.#isVersion6,
      this.#isVersion6 ? control.hopLimit : (bytes[packet + 8] ?? Number.NaN),
      control.seconds,
      control.nanoseconds,
    );
  }

  readDrops(): number {
    return this.#libc.socketDrops(this.#receiveDescriptor);
  }

  get replyDescriptor(): number {
    return this.#receiveDescriptor;
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
    for (const sender of this.#senders) sender.close();
    this.#libc.close(this.#receiveDescriptor);
    this.#outgoing.free();
    this.#incoming.free();
    this.#errors.free();
  }
}

function batchOf(dataBytes: number): number {
  return Math.min(BATCH, Math.max(MIN_BATCH, Math.floor(MAX_ARENA_BYTES / dataBytes)));
}
