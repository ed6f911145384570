import { addressBytes } from "../../../runtime/address.ts";
import type { Clock } from "../../../runtime/clock.ts";
import { ECHO_REPLY_V4, ECHO_REPLY_V6 } from "../../packet.ts";
import { ADDRESS_WORDS, type PacketSink } from "../../transport.ts";
import * as c from "../kernel/libc.ts";
import { RawSocketArrivals } from "./arrivals.ts";
import { errnoNameOf } from "./errors.ts";
import { readMessage } from "./message.ts";
import { type OpenRawSocket, openSocket, RawSocketOptions } from "./options.ts";
import type { RawSocket } from "./package.ts";
import type { UnixStamps } from "./stamps.ts";

/** Any packet of the Internet Protocol: 64 KiB once is less than what growing would cost in words. */
const READ_BUFFER_BYTES = 65_536;
/** More packets than this in one go are somebody's flood; deadlines then wait for the next tick. */
const MAX_READS_PER_DRAIN = 65_536;
/** Errors in place of a packet, one after the other, until the socket counts as empty. */
const MAX_REFUSALS = 64;
const REOPEN_AFTER_SECONDS = 1;
/** Replies, and errors that explain a loss (RFC 792, RFC 4443 section 2.1). */
const PASSED_V4 = [ECHO_REPLY_V4, 3, 11];
const PASSED_V6 = [ECHO_REPLY_V6, 1, 2, 3, 4];
/** SO_MEMINFO gives nine words (linux/sock_diag.h). */
const MEMINFO_BYTES = 36;

/**
 * The one socket of a family that reads: raw sockets get every reply of the host, so a second one would count each
 * twice.
 *
 * The event loop reads a packet as soon as it can, so that its stamp is true; `drain` reads the rest at once, so that no
 * deadline overtakes a reply that the kernel holds.
 */
export class RawSocketReceiver {
  readonly #open: OpenRawSocket;
  readonly #firstIdentifier: number;
  readonly #receiveBufferBytes: number;
  readonly #clock: Clock;
  readonly #stamps: UnixStamps;
  readonly #onArrival: () => void;
  readonly #arrivals: RawSocketArrivals;
  #socket: RawSocket | undefined;
  #isClosed = false;
  #isDraining = false;
  #isPaused = false;
  #read: "packet" | "empty" | "refused" = "empty";
  #announcement: NodeJS.Immediate | undefined;
  #openedAtSeconds: number;
  /** Of sockets that were lost. */
  #earlierDrops = 0;
  #drops = 0;

  /** @throws IcmpSocketError when the process may not open raw sockets. */
  constructor(
    open: Omit<OpenRawSocket, "bufferBytes">,
    options: {
      readonly firstIdentifier: number;
      readonly receiveBufferBytes: number;
      readonly clock: Clock;
      readonly stamps: UnixStamps;
      readonly onArrival: () => void;
    },
  ) {
    this.#open = { ...open, bufferBytes: READ_BUFFER_BYTES };
    this.#firstIdentifier = options.firstIdentifier;
    this.#receiveBufferBytes = options.receiveBufferBytes;
    this.#clock = options.clock;
    this.#stamps = options.stamps;
    this.#onArrival = options.onArrival;
    this.#arrivals = new RawSocketArrivals(open.family, options.receiveBufferBytes);
    this.#openedAtSeconds = options.clock.monotonicSeconds();
    this.#socket = this.#openSocket();
  }

  #openSocket(): RawSocket {
    const socket = openSocket(this.#open);
    const options = new RawSocketOptions(socket, this.#open);
    options.passTypes(this.#open.family === "ipv6" ? PASSED_V6 : PASSED_V4);
    options.setReceiveBuffer(this.#receiveBufferBytes);
    socket.on("message", (packet, source) => this.#take(packet, source));
    socket.on("error", (error) => {
      const errno = errnoNameOf(error);
      // What is not known is no reason to ask again.
      this.#read = errno === "EAGAIN" || errno === "EIO" ? "empty" : "refused";
    });
    socket.on("close", () => this.#forget(socket));
    return socket;
  }

  /** The package closes a socket that it could not wait on; with it goes what the kernel held. */
  #forget(socket: RawSocket): void {
    if (this.#isClosed || this.#socket !== socket) return;
    this.#socket = undefined;
    this.#isPaused = false;
    this.#earlierDrops += this.#drops + 1;
    this.#drops = 0;
  }

  /** Never throws: the package would take it for an error of the socket. */
  #take(packet: Buffer, source: string): void {
    this.#read = "packet";
    this.#stamps.read();
    const { seconds, nanoseconds } = this.#stamps;
    const { family } = this.#open;
    const found = readMessage(family, this.#firstIdentifier, packet);
    if (found.kind === "other") return;
    if (found.kind === "malformed") this.#arrivals.addMalformed();
    else if (found.kind === "reply") {
      const { message, slot, hopLimit } = found;
      this.#arrivals.addReply({
        packet: new Uint8Array(packet),
        message,
        slot,
        source: this.#wordsOf(addressBytes(source)),
        hopLimit,
        seconds,
        nanoseconds,
      });
    } else {
      const { slot, reason, target } = found;
      const addressBytesCount = family === "ipv6" ? 16 : 4;
      this.#arrivals.addError({
        slot,
        reason,
        target: this.#wordsOf(packet.subarray(target, target + addressBytesCount)),
        reporter: this.#wordsOf(addressBytes(source)),
      });
    }
    if (this.#isDraining) return;
    if (this.#arrivals.isFull) this.#pause();
    this.#announce();
  }

  /** The socket address of an address; all 0 when there is none. */
  #wordsOf(address: Uint8Array | undefined): Uint32Array {
    const words = new Uint32Array(ADDRESS_WORDS);
    if (address === undefined) return words;
    const isVersion6 = this.#open.family === "ipv6";
    words[0] = isVersion6 ? c.AF_INET6 : c.AF_INET;
    new Uint8Array(words.buffer).set(address, isVersion6 ? 8 : 4);
    return words;
  }

  #pause(): void {
    this.#isPaused = true;
    this.#socket?.pauseRecv();
  }

  /** Not from within the package's own call, which would swallow what the engine throws; and once for many. */
  #announce(): void {
    this.#announcement ??= setImmediate(() => {
      this.#announcement = undefined;
      this.#onArrival();
    });
  }

  handErrors(sink: PacketSink): void {
    this.#arrivals.handErrors(sink);
  }

  /** @returns false when so much came that reading was broken off. */
  drain(sink: PacketSink): boolean {
    if (this.#isDraining) return false;
    this.#isDraining = true;
    try {
      return this.#drain(sink);
    } finally {
      this.#isDraining = false;
    }
  }

  #drain(sink: PacketSink): boolean {
    this.#reopen();
    this.#handOver(sink);
    let isEmpty = false;
    let refusals = 0;
    for (let reads = 0; reads < MAX_READS_PER_DRAIN && !isEmpty; reads += 1) {
      const read = this.#readOne();
      refusals = read === "refused" ? refusals + 1 : 0;
      isEmpty = read === "empty" || refusals > MAX_REFUSALS;
      if (isEmpty || this.#arrivals.isFull) this.#handOver(sink);
    }
    this.#handOver(sink);
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket?.resumeRecv();
    }
    return isEmpty;
  }

  #readOne(): "packet" | "empty" | "refused" {
    this.#read = "empty";
    // Gone while draining: whoever took a packet may have closed the transport, and the package reads no closed socket.
    this.#socket?.onRecvReady();
    return this.#read;
  }

  #handOver(sink: PacketSink): void {
    if (this.#arrivals.isEmpty) return;
    this.#arrivals.handErrors(sink);
    this.#arrivals.handReplies(sink);
  }

  #reopen(): void {
    if (this.#socket !== undefined || this.#isClosed) return;
    const now = this.#clock.monotonicSeconds();
    if (now < this.#openedAtSeconds + REOPEN_AFTER_SECONDS) return;
    this.#openedAtSeconds = now;
    try {
      this.#socket = this.#openSocket();
    } catch {
      // The system refuses it now; the next second may be better.
    }
  }

  /** Below 0 where nobody counts them. */
  readDrops(): number {
    if (this.#open.platform !== "linux") return -1;
    const words = this.#option(c.SOL_SOCKET, c.SO_MEMINFO, MEMINFO_BYTES);
    if (words !== undefined) this.#drops = words.readUInt32LE(c.SK_MEMINFO_DROPS * 4);
    return this.#earlierDrops + this.#drops;
  }

  /** As the system accounts it; 0 while there is no socket. */
  bufferBytes(): number {
    const { SocketLevel, SocketOption } = this.#open.rawSocket;
    return this.#option(SocketLevel.SOL_SOCKET, SocketOption.SO_RCVBUF, 4)?.readInt32LE(0) ?? 0;
  }

  #option(level: number, option: number, bytes: number): Buffer | undefined {
    const value = Buffer.alloc(bytes);
    try {
      const written = this.#socket?.getOption(level, option, value, bytes) ?? 0;
      return written === bytes ? value : undefined;
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#announcement);
    this.#socket?.close();
    this.#socket = undefined;
  }
}
