import type { SocketProfile } from "../../echo.ts";
import { ECHO_REPLY_V4, ECHO_REPLY_V6, ICMP_HEADER_BYTES, sequenceAt } from "../../packet.ts";
import type { PacketSink } from "../../transport.ts";
import type { ErrorQueue, SlotAt } from "./error-queue.ts";
import * as c from "./libc.ts";
import { openIcmpSocket } from "./open-socket.ts";
import type { ReplyReader, TakePacket } from "./reply-reader.ts";
import type { SlotOwners } from "./slot-owners.ts";
import { setOption, setProfile, setReceiveBuffer, setSendBuffer } from "./socket-profile.ts";
import { StampKeys } from "./stamp-keys.ts";
import type { SenderSocket } from "./stamped-sender.ts";

/** What all sockets of a transport share. */
export type DgramSurroundings = {
  readonly libc: c.Libc;
  readonly receiveBufferBytes: number;
  readonly errors: ErrorQueue;
  readonly replies: ReplyReader;
  readonly owners: SlotOwners;
};

/**
 * A ping socket: sends the echoes of one profile and one block of 65,536 slots, and receives their replies. [hot]
 *
 * The kernel writes the socket's own identifier into each request, verifies the checksum of what comes, and hands
 * over replies with that identifier alone, from the ICMP header on (net/ipv4/ping.c). So an echo that
 * this socket sent is known by its sequence number. The error queue holds transmit stamps as well as ICMP errors, and an ICMP error stays pending
 * on the socket, to be reported by the next call whatever that is about.
 */
export class DgramSocket implements SenderSocket {
  readonly descriptor: number;
  readonly keys: StampKeys;
  readonly tries = 2;
  readonly #around: DgramSurroundings;
  readonly #reply: number;
  readonly #firstSlot: number;
  readonly #profile: number;

  /**
   * @param place Its profile's number, and its block: slots of this socket are `block` · 65,536 + sequence number.
   * @throws IcmpSocketError when the system refuses the socket or an option of the profile.
   */
  constructor(
    around: DgramSurroundings,
    profile: SocketProfile,
    place: { readonly profile: number; readonly block: number },
  ) {
    const { libc } = around;
    this.#around = around;
    this.#reply = profile.family === "ipv6" ? ECHO_REPLY_V6 : ECHO_REPLY_V4;
    this.#firstSlot = place.block * 0x1_0000;
    this.#profile = place.profile;
    this.descriptor = openIcmpSocket(libc, profile.family, "ping");
    this.keys = new StampKeys(libc, this.descriptor, c.SOF_TIMESTAMPING_RX_SOFTWARE);
    try {
      this.#setUp(profile);
    } catch (error) {
      libc.close(this.descriptor);
      throw error;
    }
  }

  #setUp(profile: SocketProfile): void {
    const { family } = profile;
    const { libc, receiveBufferBytes } = this.#around;
    const set = (level: number, option: number, what: string): void =>
      setOption(libc, family, this.descriptor, level, option, 1, what);
    if (family === "ipv6") {
      set(c.SOL_IPV6, c.IPV6_RECVERR, "the error queue");
      set(c.SOL_IPV6, c.IPV6_RECVHOPLIMIT, "hop limits of replies");
    } else {
      set(c.SOL_IP, c.IP_RECVERR, "the error queue");
      set(c.SOL_IP, c.IP_RECVTTL, "hop limits of replies");
    }
    setSendBuffer(libc, this.descriptor);
    setReceiveBuffer(libc, this.descriptor, receiveBufferBytes);
    this.keys.start(family);
    setProfile(libc, this.descriptor, profile);
  }

  /** Reads transmit stamps and ICMP errors, which also takes back what was pending. */
  drainErrors(sink: PacketSink): number {
    return this.#around.errors.drain(this.descriptor, this.keys, this.#slotAt, sink);
  }

  /** @returns false when so much came that reading was broken off. */
  drainReplies(sink: PacketSink): boolean {
    return this.#around.replies.drain(this.descriptor, this.#takePacket, sink);
  }

  readonly #slotAt: SlotAt = (bytes, message) => {
    const slot = this.#firstSlot + sequenceAt(bytes, message);
    return this.#around.owners.isOf(slot, this.#profile) ? slot : -1;
  };

  readonly #takePacket: TakePacket = (arena, packet, length, name, control, sink) => {
    const { bytes, words } = arena;
    if (length < ICMP_HEADER_BYTES || bytes[packet] !== this.#reply) {
      sink.foreign();
      return;
    }
    sink.reply(
      bytes,
      packet,
      length,
      this.#slotAt(bytes, packet),
      words,
      name,
      true,
      control.hopLimit,
      control.seconds,
      control.nanoseconds,
    );
  };

  /** Packets dropped since the socket was opened; below 0 when the system does not say. Wraps at 32 bits. */
  readDrops(): number {
    return this.#around.libc.socketDrops(this.descriptor);
  }

  close(): void {
    this.#around.libc.close(this.descriptor);
  }
}
