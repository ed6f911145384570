import { BlockList } from "node:net";
import { networkInterfaces } from "node:os";
import { type AddressFamily, addressBytes, addressText } from "../../../runtime/address.ts";
import type { SocketProfile } from "../../echo.ts";
import { IcmpSocketError } from "../../transport.ts";
import * as c from "../kernel/libc.ts";
import { errnoNameOf } from "./errors.ts";
import type { RawSocket, RawSocketPackage } from "./package.ts";

/** linux/in.h and linux/in6.h: the IP header comes with the packet. */
const IP_HDRINCL = 3;
const IPV6_HDRINCL = 36;
/** The kernel keeps packets for a socket that never reads until this is full (socket(7): it raises it to its least). */
const UNREAD_BUFFER_BYTES = 1;
const SEND_BUFFER_BYTES = 4 * 2 ** 20;

export type OpenRawSocket = {
  readonly rawSocket: RawSocketPackage;
  readonly family: AddressFamily;
  readonly platform: NodeJS.Platform;
  /** Largest packet that is read; a socket that only sends needs none. */
  readonly bufferBytes: number;
};

/** @throws IcmpSocketError with the remedy in its message. */
export function openSocket({ rawSocket, family, bufferBytes }: OpenRawSocket): RawSocket {
  try {
    return rawSocket.createSocket({
      protocol: family === "ipv6" ? c.IPPROTO_ICMPV6 : c.IPPROTO_ICMP,
      addressFamily: family === "ipv6" ? 2 : 1,
      bufferSize: bufferBytes,
    });
  } catch (error) {
    const errno = errnoNameOf(asError(error));
    const remedy =
      errno === "EPERM" || errno === "EACCES"
        ? "run as root or grant CAP_NET_RAW"
        : errno === "EAFNOSUPPORT"
          ? `this system has no ${family}`
          : errno;
    throw new IcmpSocketError(family, errno, `Cannot open a raw ${family} ICMP socket: ${remedy}`);
  }
}

/** Sets options of one socket; what only Linux has is refused elsewhere with a sentence. */
export class RawSocketOptions {
  readonly #socket: RawSocket;
  readonly #rawSocket: RawSocketPackage;
  readonly #family: AddressFamily;
  readonly #isLinux: boolean;

  constructor(socket: RawSocket, { rawSocket, family, platform }: OpenRawSocket) {
    this.#socket = socket;
    this.#rawSocket = rawSocket;
    this.#family = family;
    this.#isLinux = platform === "linux";
  }

  /**
   * Makes the socket what a profile asks for. A profile with a source leaves hop limit, DSCP and DF to the header that
   * its sender writes.
   *
   * @throws IcmpSocketError when the system refuses something of it.
   */
  setProfile(profile: SocketProfile): void {
    if (profile.interface !== undefined) {
      const name = Buffer.from(`${profile.interface}\0`);
      const what = `interface ${profile.interface}`;
      this.#setOnLinux(c.SOL_SOCKET, c.SO_BINDTODEVICE, name, what);
    }
    if (profile.mark !== 0) {
      this.#setOnLinux(c.SOL_SOCKET, c.SO_MARK, profile.mark, `mark ${profile.mark}`);
    }
    if (profile.source !== undefined) {
      const [level, option] =
        this.#family === "ipv6" ? [c.SOL_IPV6, IPV6_HDRINCL] : [c.SOL_IP, IP_HDRINCL];
      this.#setOnLinux(level, option, 1, `source address ${profile.source}`);
    } else if (this.#family === "ipv6") {
      this.#setIpv6(profile);
    } else {
      this.#setIpv4(profile);
    }
  }

  #setIpv4(profile: SocketProfile): void {
    const { SocketLevel, SocketOption } = this.#rawSocket;
    this.#set(SocketLevel.IPPROTO_IP, SocketOption.IP_TTL, profile.hopLimit, "ttl");
    if (profile.dscp !== 0) {
      this.#set(SocketLevel.IPPROTO_IP, SocketOption.IP_TOS, profile.dscp << 2, "dscp");
    }
    if (this.#isLinux || profile.isFragmentingForbidden) {
      const discovery = profile.isFragmentingForbidden ? c.IP_PMTUDISC_PROBE : c.IP_PMTUDISC_DONT;
      this.#setOnLinux(c.SOL_IP, c.IP_MTU_DISCOVER, discovery, "dont_fragment");
    }
  }

  #setIpv6(profile: SocketProfile): void {
    const { SocketLevel, SocketOption } = this.#rawSocket;
    const { hopLimit } = profile;
    this.#set(SocketLevel.IPPROTO_IPV6, SocketOption.IPV6_UNICAST_HOPS, hopLimit, "hop limit");
    if (profile.dscp !== 0) this.#setOnLinux(c.SOL_IPV6, c.IPV6_TCLASS, profile.dscp << 2, "dscp");
  }

  /** Lets in these ICMP types alone, where the system can; the reader looks at the type again. */
  passTypes(types: readonly number[]): void {
    if (!this.#isLinux) return;
    if (this.#family === "ipv6") {
      const filter = Buffer.alloc(32, 0xff);
      for (const type of types) {
        filter[type >> 3] = (filter[type >> 3] ?? 0) & ~(1 << (type & 7));
      }
      this.#try(c.SOL_ICMPV6, c.ICMPV6_FILTER, filter);
    } else {
      const blocked = types.reduce((mask, type) => mask & ~(1 << type), ~0);
      this.#try(c.SOL_RAW, c.ICMP_FILTER, blocked >>> 0);
    }
  }

  /** As large as the system lets it be: beyond the limit for everybody with CAP_NET_ADMIN only (socket(7)). */
  setReceiveBuffer(bytes: number): void {
    const { SocketLevel, SocketOption } = this.#rawSocket;
    if (this.#isLinux && this.#try(c.SOL_SOCKET, c.SO_RCVBUFFORCE, bytes)) return;
    this.#try(SocketLevel.SOL_SOCKET, SocketOption.SO_RCVBUF, bytes);
  }

  /** Room for a tick of large echoes on their way out, and none for what comes in. */
  setSendOnly(): void {
    const { SocketLevel, SocketOption } = this.#rawSocket;
    this.#socket.pauseRecv();
    this.passTypes([]);
    this.#try(SocketLevel.SOL_SOCKET, SocketOption.SO_RCVBUF, UNREAD_BUFFER_BYTES);
    if (this.#isLinux && this.#try(c.SOL_SOCKET, c.SO_SNDBUFFORCE, SEND_BUFFER_BYTES)) return;
    this.#try(SocketLevel.SOL_SOCKET, SocketOption.SO_SNDBUF, SEND_BUFFER_BYTES);
  }

  #setOnLinux(level: number, option: number, value: number | Buffer, what: string): void {
    if (!this.#isLinux) {
      throw new IcmpSocketError(
        this.#family,
        "ENOPROTOOPT",
        `Cannot set ${what} on the ${this.#family} ICMP socket: with the npm package raw-socket only Linux can; leave it out of the module`,
      );
    }
    this.#set(level, option, value, what);
  }

  #set(level: number, option: number, value: number | Buffer, what: string): void {
    try {
      this.#hand(level, option, value);
    } catch (error) {
      const errno = errnoNameOf(asError(error));
      const said = errno === "EIO" ? asError(error).message : errno;
      const message = `Cannot set ${what} on the ${this.#family} ICMP socket: ${said}`;
      throw new IcmpSocketError(this.#family, errno, message);
    }
  }

  #try(level: number, option: number, value: number | Buffer): boolean {
    try {
      this.#hand(level, option, value);
      return true;
    } catch {
      // Of the kind that a socket can do without.
      return false;
    }
  }

  #hand(level: number, option: number, value: number | Buffer): void {
    // The package counts its arguments.
    if (typeof value === "number") this.#socket.setOption(level, option, value);
    else this.#socket.setOption(level, option, value, value.length);
  }
}

/**
 * Whether packets may carry this source address; the kernel does not look at it in a header of ours.
 *
 * On a loopback interface every address of its IPv4 networks is this machine's.
 */
export function isOwnAddress(text: string): boolean {
  const bytes = addressBytes(text);
  if (bytes === undefined) return false;
  const address = addressText(bytes);
  const own = new BlockList();
  for (const { family, address: found, cidr, internal } of Object.values(
    networkInterfaces(),
  ).flatMap((addresses = []) => addresses)) {
    const [bare = ""] = found.split("%", 1);
    const kind = family === "IPv6" ? "ipv6" : "ipv4";
    const prefix = Number(cidr?.split("/", 2)[1]);
    if (kind === "ipv4" && internal && prefix > 0) own.addSubnet(bare, prefix, kind);
    else own.addAddress(bare, kind);
  }
  return own.check(address, bytes.length === 4 ? "ipv4" : "ipv6");
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
