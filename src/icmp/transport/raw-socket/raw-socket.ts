import type { AddressFamily } from "../../../runtime/address.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { SocketProfile } from "../../echo.ts";
import type { PacketSink, Transport, TransportFigures } from "../../transport.ts";
import { addressText, type InterfaceName, rememberedInterfaceName } from "../address-text.ts";
import { ProfileTable } from "../profile-table.ts";
import { isOwnAddress } from "./options.ts";
import { OutgoingEcho } from "./outgoing.ts";
import type { RawSocketPackage } from "./package.ts";
import { RawSocketReceiver } from "./receiver.ts";
import { RawSocketSender } from "./sender.ts";
import { UnixStamps } from "./stamps.ts";

const FIRST_PAYLOAD_BYTES = 56;

/**
 * Echoes over the npm package `raw-socket`, for systems where our own engine does not run. On the main thread only:
 * the package is tied to its event loop.
 *
 * There are no stamps of the kernel: an echo counts from just before its send call, a reply from when the event loop
 * reads it, both by the monotonic clock. An echo is sent within `queue`; what comes is kept for `drainReplies`.
 * An open transport keeps the process alive, as a server does.
 */
export class RawSocketTransport implements Transport {
  readonly family: AddressFamily;
  /** Nobody waits on descriptors here: `onArrival` tells. */
  readonly replyDescriptors: readonly number[] = [];
  readonly #rawSocket: RawSocketPackage;
  readonly #platform: NodeJS.Platform;
  readonly #firstIdentifier: number;
  readonly #isOwnAddress: (address: string) => boolean;
  readonly #interfaceName: InterfaceName;
  readonly #stamps: UnixStamps;
  readonly #receiver: RawSocketReceiver;
  readonly #senders = new ProfileTable<RawSocketSender>();
  readonly #outgoing: OutgoingEcho;
  #isClosed = false;

  /**
   * @param options.firstIdentifier A multiple of 16; replies with one of the 16 identifiers from it on are ours.
   * @param options.receiveBufferBytes Also the most that is kept between two calls of `drainReplies`.
   * @param options.onArrival Told in a turn of the event loop of its own, once for many packets, that there is something
   *   to drain.
   * @throws IcmpSocketError when the process may not open raw sockets.
   */
  constructor(options: {
    readonly rawSocket: RawSocketPackage;
    readonly family: AddressFamily;
    readonly firstIdentifier: number;
    readonly receiveBufferBytes: number;
    readonly clock: Clock;
    readonly onArrival: () => void;
    readonly platform?: NodeJS.Platform;
    readonly isOwnAddress?: (address: string) => boolean;
    readonly interfaceName?: InterfaceName;
  }) {
    const { rawSocket, family, clock, platform = process.platform } = options;
    this.family = family;
    this.#rawSocket = rawSocket;
    this.#platform = platform;
    this.#firstIdentifier = options.firstIdentifier;
    this.#isOwnAddress = options.isOwnAddress ?? isOwnAddress;
    this.#interfaceName = options.interfaceName ?? rememberedInterfaceName(clock);
    this.#stamps = new UnixStamps(clock);
    this.#outgoing = new OutgoingEcho(family === "ipv6", FIRST_PAYLOAD_BYTES);
    this.#receiver = new RawSocketReceiver(
      { rawSocket, family, platform },
      { ...options, stamps: this.#stamps },
    );
  }

  openProfile(profile: SocketProfile): number {
    return this.#senders.numberOf(
      this.family,
      profile,
      () =>
        new RawSocketSender(
          { rawSocket: this.#rawSocket, family: this.family, platform: this.#platform },
          profile,
          this.#stamps,
          this.#isOwnAddress,
        ),
    );
  }

  reservePayload(payloadBytes: number): void {
    this.#outgoing.reserve(payloadBytes);
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
    const sender = this.#senders.items[profile];
    if (sender === undefined || this.#isClosed) return;
    const identifier = this.#firstIdentifier + (slot >>> 16);
    this.#outgoing.write(slot, identifier, cookie, payloadBytes);
    const errno = sender.send(
      this.#outgoing,
      addressText(this.family, words, addressWord, this.#interfaceName),
      this.family === "ipv6"
        ? new Uint8Array(words.buffer, words.byteOffset + addressWord * 4 + 8, 16)
        : new Uint8Array(words.buffer, words.byteOffset + addressWord * 4 + 4, 4),
    );
    if (errno === 0) sink.sent(slot, this.#stamps.seconds, this.#stamps.nanoseconds);
    else sink.unsent(slot, errno);
  }

  /** Nothing waits: a batch would gain nothing where each packet is a call of its own. */
  flush(_sink: PacketSink): void {}

  drainErrors(sink: PacketSink): void {
    this.#receiver.handErrors(sink);
  }

  drainReplies(sink: PacketSink): boolean {
    return this.#receiver.drain(sink);
  }

  readDrops(): number {
    return this.#receiver.readDrops();
  }

  figures(): TransportFigures {
    return {
      family: this.family,
      transport: "raw-socket",
      transmitStamp: "send_call",
      receiveBufferBytes: this.#receiver.bufferBytes(),
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#receiver.close();
    for (const sender of this.#senders.items) sender.close();
  }
}
