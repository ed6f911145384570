import type { AddressFamily } from "../../../runtime/address.ts";
import type { SocketProfile } from "../../echo.ts";
import {
  IcmpSocketError,
  type PacketSink,
  type Transport,
  type TransportFigures,
} from "../../transport.ts";
import { ProfileTable } from "../profile-table.ts";
import { DEFAULT_PAYLOAD_BYTES } from "./arena-sizes.ts";
import { DgramSocket, type DgramSurroundings } from "./dgram-socket.ts";
import { ErrorQueue } from "./error-queue.ts";
import * as c from "./libc.ts";
import { openIcmpSocket } from "./open-socket.ts";
import { OutgoingBatch } from "./outgoing-batch.ts";
import { ReplyReader } from "./reply-reader.ts";
import { SlotOwners } from "./slot-owners.ts";
import { SocketDrops } from "./socket-drops.ts";
import { setReceiveBuffer } from "./socket-profile.ts";
import { sendBatch } from "./stamped-sender.ts";

/** The program's own limit, told as the kernel would. */
const ENOBUFS = 105;

/** Blocks of 65,536 slots, as many as the user's table of echoes has. */
const MAX_BLOCKS = 16;

type ProfileSockets = {
  readonly profile: SocketProfile;
  readonly blocks: (DgramSocket | undefined)[];
};

/**
 * Linux ping sockets, which need no privilege, by batch calls: `sendmmsg`, `recvmmsg`, kernel stamps, the error
 * queue. [hot]
 *
 * A ping socket has one identifier, which the kernel chooses, and so 65,536 sequence numbers. Each profile has a
 * socket for each block of slots in use, opened when an echo of that block is queued first.
 */
export class DgramTransport implements Transport {
  readonly family: AddressFamily;
  readonly #around: DgramSurroundings;
  readonly #profiles = new ProfileTable<ProfileSockets>();
  /** Every socket that is open, and their descriptors. */
  readonly #sockets: DgramSocket[] = [];
  readonly #descriptors: number[] = [];
  readonly #drops = new SocketDrops();
  readonly #outgoing: OutgoingBatch;
  readonly #firstDescriptor: number;
  readonly #receiveBufferBytes: number;
  #payloadBytes = DEFAULT_PAYLOAD_BYTES;
  /** Where the queued batch goes. */
  #queuedSocket: DgramSocket | undefined;

  /** @throws IcmpSocketError when the process may not open ping sockets. */
  constructor(options: {
    readonly libc: c.Libc;
    readonly family: AddressFamily;
    readonly receiveBufferBytes: number;
  }) {
    const { libc, family, receiveBufferBytes } = options;
    this.family = family;
    // Tells whether the process may, and how large a buffer it gets. It stays open, with stamps on: the kernel
    // switches stamping on lazily for the first socket, and those of the profiles come later.
    this.#firstDescriptor = openIcmpSocket(libc, family, "ping");
    setReceiveBuffer(libc, this.#firstDescriptor, receiveBufferBytes);
    this.#receiveBufferBytes = libc.getIntegerOption(
      this.#firstDescriptor,
      c.SOL_SOCKET,
      c.SO_RCVBUF,
    );
    const stamps = c.SOF_TIMESTAMPING_RX_SOFTWARE | c.SOF_TIMESTAMPING_SOFTWARE;
    libc.setOption(this.#firstDescriptor, c.SOL_SOCKET, c.SO_TIMESTAMPING, stamps);
    this.#around = {
      libc,
      receiveBufferBytes,
      errors: new ErrorQueue(libc, family),
      replies: new ReplyReader(libc, 0, this.#payloadBytes),
      owners: new SlotOwners(),
    };
    this.#outgoing = new OutgoingBatch(libc, family === "ipv6", this.#payloadBytes);
  }

  openProfile(profile: SocketProfile): number {
    return this.#profiles.numberOf(this.family, profile, (number) => ({
      profile,
      blocks: [this.#open(profile, number, 0)],
    }));
  }

  #open(profile: SocketProfile, number: number, block: number): DgramSocket {
    const socket = new DgramSocket(this.#around, profile, { profile: number, block });
    this.#sockets.push(socket);
    this.#descriptors.push(socket.descriptor);
    return socket;
  }

  reservePayload(payloadBytes: number): void {
    if (payloadBytes <= this.#payloadBytes) return;
    this.#outgoing.resize(payloadBytes);
    this.#around.replies.resize(payloadBytes);
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
    const socket =
      this.#profiles.items[profile]?.blocks[slot >>> 16] ?? this.#openBlock(profile, slot, sink);
    if (socket === undefined) return;
    if (socket !== this.#queuedSocket || this.#outgoing.isFull) {
      this.flush(sink);
      this.#queuedSocket = socket;
    }
    this.#around.owners.note(slot, profile);
    // The kernel puts the socket's own identifier in the place of ours.
    this.#outgoing.add(slot, 0, cookie, payloadBytes, words, addressWord);
  }

  /** @returns undefined when the system refuses the socket; the echo has ended then. */
  #openBlock(profile: number, slot: number, sink: PacketSink): DgramSocket | undefined {
    const sockets = this.#profiles.items[profile];
    const block = slot >>> 16;
    if (sockets === undefined || block >= MAX_BLOCKS) {
      sink.unsent(slot, ENOBUFS);
      return undefined;
    }
    try {
      const socket = this.#open(sockets.profile, profile, block);
      sockets.blocks[block] = socket;
      return socket;
    } catch (error) {
      if (!(error instanceof IcmpSocketError)) throw error;
      sink.unsent(slot, this.#around.libc.errnoNumber(error.errno));
      return undefined;
    }
  }

  flush(sink: PacketSink): void {
    const count = this.#outgoing.take();
    const socket = this.#queuedSocket;
    if (count === 0 || socket === undefined) return;
    // Otherwise an error that is pending would refuse the first packet.
    socket.drainErrors(sink);
    sendBatch(this.#around.libc, socket, this.#outgoing, count, sink);
  }

  drainErrors(sink: PacketSink): void {
    for (const socket of this.#sockets) socket.drainErrors(sink);
  }

  drainReplies(sink: PacketSink): boolean {
    let isDrained = true;
    for (const socket of this.#sockets) {
      if (!socket.drainReplies(sink)) isDrained = false;
    }
    return isDrained;
  }

  readDrops(): number {
    for (let at = 0; at < this.#sockets.length; at += 1) {
      this.#drops.note(at, this.#sockets[at]?.readDrops() ?? -1);
    }
    return this.#drops.total;
  }

  get replyDescriptors(): readonly number[] {
    return this.#descriptors;
  }

  figures(): TransportFigures {
    return {
      family: this.family,
      transport: "dgram",
      transmitStamp: "kernel",
      receiveBufferBytes: this.#receiveBufferBytes,
    };
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
    this.#around.libc.close(this.#firstDescriptor);
    this.#outgoing.free();
    this.#around.replies.free();
    this.#around.errors.free();
  }
}
