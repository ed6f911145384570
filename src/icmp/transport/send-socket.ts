import type { SocketProfile } from "../echo.ts";
import { IcmpSocketError, type PacketSink } from "../transport.ts";
import type { ControlMessages } from "./control-messages.ts";
import * as c from "./libc.ts";
import type { MessageArena } from "./message-arena.ts";
import { SOCKADDR_IN_BYTES, SOCKADDR_IN6_BYTES, socketAddress } from "./socket-address.ts";

const SEND_BUFFER_BYTES = 4 * 2 ** 20;
const STAMPS =
  c.SOF_TIMESTAMPING_TX_SOFTWARE | c.SOF_TIMESTAMPING_SOFTWARE | c.SOF_TIMESTAMPING_OPT_TSONLY;
/** Stamps that may be outstanding; far more than a send buffer holds packets. */
const KEYS = 65_536;

/**
 * A raw socket that only sends, for one profile. [hot]
 *
 * It receives nothing (a filter refuses all), so that its error queue holds transmit stamps alone and a burst of
 * them takes no room from replies. The kernel numbers the stamps of a socket from 0 (OPT_ID); `#slots` holds
 * the echo behind each number.
 */
export class SendSocket {
  readonly profile: SocketProfile;
  readonly #libc: c.Libc;
  readonly #descriptor: number;
  readonly #slots = new Uint32Array(KEYS);
  #nextKey = 0;
  #awaited = 0;

  /** @throws IcmpSocketError when the system refuses the socket or an option of the profile. */
  constructor(libc: c.Libc, profile: SocketProfile) {
    this.profile = profile;
    this.#libc = libc;
    this.#descriptor = openRawSocket(libc, profile.family);
    try {
      this.#setUp();
    } catch (error) {
      libc.close(this.#descriptor);
      throw error;
    }
  }

  #setUp(): void {
    const { family } = this.profile;
    const isVersion6 = family === "ipv6";
    this.#refuseAll(isVersion6);
    this.#setBuffers();
    this.#set(c.SOL_SOCKET, c.SO_TIMESTAMPING, STAMPS | c.SOF_TIMESTAMPING_OPT_ID, "stamps");
    this.#setProfile(isVersion6);
  }

  #refuseAll(isVersion6: boolean): void {
    if (isVersion6) {
      this.#set(c.SOL_ICMPV6, c.ICMPV6_FILTER, new Uint8Array(32).fill(0xff), "filter");
    } else {
      this.#set(c.SOL_RAW, c.ICMP_FILTER, -1, "filter");
    }
    this.#libc.attachFilter(this.#descriptor, [[0x06, 0, 0, 0]]);
  }

  #setBuffers(): void {
    for (const [force, plain] of [
      [c.SO_SNDBUFFORCE, c.SO_SNDBUF],
      [c.SO_RCVBUFFORCE, c.SO_RCVBUF],
    ] as const) {
      const { setOption } = this.#libc;
      if (setOption(this.#descriptor, c.SOL_SOCKET, force, SEND_BUFFER_BYTES) < 0) {
        setOption(this.#descriptor, c.SOL_SOCKET, plain, SEND_BUFFER_BYTES);
      }
    }
  }

  #setProfile(isVersion6: boolean): void {
    const { profile } = this;
    if (profile.interface !== undefined) {
      const name = new TextEncoder().encode(`${profile.interface}\0`);
      this.#set(c.SOL_SOCKET, c.SO_BINDTODEVICE, name, `interface ${profile.interface}`);
    }
    if (profile.mark !== 0) {
      this.#set(c.SOL_SOCKET, c.SO_MARK, profile.mark | 0, `mark ${profile.mark}`);
    }
    const trafficClass = profile.dscp << 2;
    if (isVersion6) {
      this.#set(c.SOL_IPV6, c.IPV6_UNICAST_HOPS, profile.hopLimit, "hop limit");
      if (trafficClass !== 0) this.#set(c.SOL_IPV6, c.IPV6_TCLASS, trafficClass, "dscp");
    } else {
      this.#set(c.SOL_IP, c.IP_TTL, profile.hopLimit, "ttl");
      const discovery = profile.isFragmentingForbidden ? c.IP_PMTUDISC_PROBE : c.IP_PMTUDISC_DONT;
      this.#set(c.SOL_IP, c.IP_MTU_DISCOVER, discovery, "dont_fragment");
      if (trafficClass !== 0) this.#set(c.SOL_IP, c.IP_TOS, trafficClass, "dscp");
    }
    if (profile.source !== undefined) this.#bind(profile.source, isVersion6);
  }

  #bind(source: string, isVersion6: boolean): void {
    const bytes = new Uint8Array(socketAddress(source, this.#libc).buffer);
    const length = isVersion6 ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES;
    if (this.#libc.bind(this.#descriptor, bytes.subarray(0, length)) < 0) {
      this.#fail(`source address ${source}`);
    }
  }

  #set(level: number, option: number, value: number | Uint8Array, what: string): void {
    if (this.#libc.setOption(this.#descriptor, level, option, value) < 0) this.#fail(what);
  }

  #fail(what: string): never {
    const errno = this.#libc.errnoName(this.#libc.errno());
    throw new IcmpSocketError(
      this.profile.family,
      errno,
      `Cannot set ${what} on the ${this.profile.family} ICMP socket: ${errno}`,
    );
  }

  /** Sends the first `count` messages of the arena; each ends in `sent` or `unsent` of the sink. */
  send(
    arena: MessageArena,
    slots: Int32Array,
    count: number,
    sink: PacketSink,
    control: ControlMessages,
    errorArena: MessageArena,
  ): void {
    const { wallTime } = this.#libc;
    let from = 0;
    while (from < count) {
      this.#libc.readWallTime();
      const sent = this.#libc.sendmmsg(this.#descriptor, arena.headerAddress(from), count - from);
      const errno = sent < 0 ? this.#libc.errno() : 0;
      for (let at = from; at < from + sent; at += 1) {
        const slot = slots[at] ?? 0;
        this.#slots[this.#nextKey & (KEYS - 1)] = slot;
        this.#nextKey += 1;
        this.#awaited += 1;
        sink.sent(slot, wallTime.seconds, wallTime.nanoseconds);
      }
      if (sent < 0) {
        if (errno !== c.EINTR) {
          sink.unsent(slots[from] ?? 0, errno);
          from += 1;
        }
      } else {
        from += sent;
        if (from === count) return;
      }
      this.#restartKeys(sink, control, errorArena);
    }
  }

  /**
   * A refused packet may or may not have used a key (measured: EPERM two, ENETUNREACH one), so counting would
   * drift and every later stamp belong to the wrong echo. Turning OPT_ID off and on sets the kernel's
   * counter to 0 (net/core/sock.c, sock_set_timestamping).
   */
  #restartKeys(sink: PacketSink, control: ControlMessages, errorArena: MessageArena): void {
    this.drainStamps(sink, control, errorArena);
    const { setOption } = this.#libc;
    setOption(this.#descriptor, c.SOL_SOCKET, c.SO_TIMESTAMPING, STAMPS);
    setOption(
      this.#descriptor,
      c.SOL_SOCKET,
      c.SO_TIMESTAMPING,
      STAMPS | c.SOF_TIMESTAMPING_OPT_ID,
    );
    this.#nextKey = 0;
    this.#awaited = 0;
  }

  /** Reads the transmit stamps that are there. Devices upon one another may stamp a packet more than once. */
  drainStamps(sink: PacketSink, control: ControlMessages, arena: MessageArena): void {
    if (this.#awaited === 0) return;
    for (;;) {
      const count = this.#libc.recvmmsg(
        this.#descriptor,
        arena.headersAddress,
        arena.messages,
        c.MSG_ERRQUEUE,
      );
      if (count <= 0) return;
      for (let at = 0; at < count; at += 1) {
        const offset = arena.controlOffset(at);
        control.read(arena.bytes, arena.words, offset, arena.controlBytesOf(at));
        arena.restoreControl(at);
        if (control.errorOrigin !== c.SO_EE_ORIGIN_TIMESTAMPING || control.seconds === 0) continue;
        this.#awaited = Math.max(this.#awaited - 1, 0);
        const slot = this.#slots[control.errorData & (KEYS - 1)] ?? 0;
        if (control.errorData < this.#nextKey) {
          sink.transmitStamp(slot, control.seconds, control.nanoseconds);
        }
      }
      if (count < arena.messages) return;
    }
  }

  close(): void {
    this.#libc.close(this.#descriptor);
  }
}

/** @throws IcmpSocketError with the remedy in its message. */
export function openRawSocket(libc: c.Libc, family: SocketProfile["family"]): number {
  const isVersion6 = family === "ipv6";
  const descriptor = libc.socket(
    isVersion6 ? c.AF_INET6 : c.AF_INET,
    c.SOCK_RAW | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC,
    isVersion6 ? c.IPPROTO_ICMPV6 : c.IPPROTO_ICMP,
  );
  if (descriptor >= 0) return descriptor;
  const errno = libc.errnoName(libc.errno());
  const remedy =
    errno === "EPERM" || errno === "EACCES"
      ? "run as root or grant CAP_NET_RAW"
      : errno === "EAFNOSUPPORT"
        ? `this system has no ${family}`
        : errno;
  throw new IcmpSocketError(family, errno, `Cannot open a raw ${family} ICMP socket: ${remedy}`);
}
