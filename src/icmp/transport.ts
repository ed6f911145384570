import type { AddressFamily } from "../runtime/address.ts";
import type { LossReason, SocketProfile } from "./echo.ts";

/** The process may not open an ICMP socket, or the system refused an option that was asked for. */
export class IcmpSocketError extends Error {
  override readonly name = "IcmpSocketError";
  readonly family: AddressFamily;
  readonly errno: string;

  constructor(family: AddressFamily, errno: string, message: string) {
    super(message);
    this.family = family;
    this.errno = errno;
  }
}

/** Words of 32 bits of a socket address that are kept for each stream (sockaddr_in6 is 28 bytes). */
export const ADDRESS_WORDS = 7;

/**
 * What a transport tells its user, packet by packet; numbers only, no object is made.
 * A `slot` is what the user named the echo when it was queued.
 */
export type PacketSink = {
  /** The kernel took the packet; the time is the send call's, as Unix seconds and nanoseconds. */
  readonly sent: (slot: number, seconds: number, nanoseconds: number) => void;
  /** The system refused the packet. It may say so after `sent`: a program tells how it fared when it ends. */
  readonly unsent: (slot: number, errno: number) => void;
  /** The kernel's transmit stamp. */
  readonly transmitStamp: (slot: number, seconds: number, nanoseconds: number) => void;
  /**
   * An echo reply with an identifier of ours. The bytes are valid during the call only.
   *
   * @param message Where the ICMP header begins in `packet`; `bytes` from there.
   * @param slot The echo that its identifier and sequence number name; whether it is in flight is the user's question.
   * @param addressWord Where the source's socket address begins in `words`.
   * @param isChecked Whether the kernel has verified the checksum (ICMPv6).
   * @param hopLimit NaN when the kernel did not say.
   * @param seconds Receive stamp; 0 when there was none.
   */
  readonly reply: (
    packet: Uint8Array,
    message: number,
    bytes: number,
    slot: number,
    words: Uint32Array,
    addressWord: number,
    isChecked: boolean,
    hopLimit: number,
    seconds: number,
    nanoseconds: number,
  ) => void;
  /** A reply that somebody else matched, checked and timed: the program `ping`. */
  readonly answered: (slot: number, rttSeconds: number, hopLimit: number) => void;
  /** Likewise a reply whose payload was not what was sent. */
  readonly corrupted: (slot: number) => void;
  /**
   * An ICMP error about an echo of ours; address as in `reply`, of the target.
   *
   * @param reporter Holds the socket address of whoever sent the error, from `reporterWord` on; its first word is 0
   *   when that is not known.
   */
  readonly icmpError: (
    slot: number,
    words: Uint32Array,
    addressWord: number,
    reason: LossReason,
    reporter: Uint32Array,
    reporterWord: number,
  ) => void;
  /** A packet that cannot be an answer to anything of ours. */
  readonly foreign: () => void;
};

/** Every way to send echoes, best first. */
export const TRANSPORT_NAMES = ["raw", "dgram", "raw-socket", "ping"] as const;
export type TransportName = (typeof TRANSPORT_NAMES)[number];

/** What a transport tells of itself. */
export type TransportFigures = {
  readonly family: AddressFamily;
  readonly transport: TransportName;
  readonly transmitStamp: "kernel" | "send_call";
  /** As the kernel accounts it (it doubles what was asked for). */
  readonly receiveBufferBytes: number;
};

/**
 * Sends echo requests of one address family and takes in what comes back. [hot]
 *
 * The user calls `drainErrors`, then `drainReplies`, then `queue` for what is due and `flush`, all from one
 * thread. Nothing blocks.
 */
export type Transport = {
  readonly family: AddressFamily;
  /**
   * Opens, or finds, the socket for a profile.
   *
   * @returns Its number for `queue`.
   * @throws IcmpSocketError when the system refuses it.
   */
  readonly openProfile: (profile: SocketProfile) => number;
  /** Makes the buffers large enough for payloads of this size; only while nothing is queued. */
  readonly reservePayload: (payloadBytes: number) => void;
  /**
   * Queues one echo request; it leaves at `flush`, or earlier when the batch is full.
   *
   * @param slot Its lower 16 bits are the sequence number, those above choose one of sixteen identifiers.
   * @param timeoutSeconds How long a reply is waited for.
   */
  readonly queue: (
    profile: number,
    slot: number,
    timeoutSeconds: number,
    cookie: number,
    payloadBytes: number,
    words: Uint32Array,
    addressWord: number,
    sink: PacketSink,
  ) => void;
  readonly flush: (sink: PacketSink) => void;
  /** Reads transmit stamps and ICMP errors. */
  readonly drainErrors: (sink: PacketSink) => void;
  /** @returns false when so much came that reading was broken off: apply no deadline then. */
  readonly drainReplies: (sink: PacketSink) => boolean;
  /** Packets the socket dropped for want of buffer, since it was opened; below 0 when nobody counts them. */
  readonly readDrops: () => number;
  /** Descriptors to wait on for replies; they may become more while running. */
  readonly replyDescriptors: readonly number[];
  readonly figures: () => TransportFigures;
  readonly close: () => void;
};
