import type { AddressFamily } from "../../../runtime/address.ts";
import type { SocketProfile } from "../../echo.ts";
import { IcmpSocketError } from "../../transport.ts";
import { SOCKADDR_IN_BYTES, SOCKADDR_IN6_BYTES, socketAddress } from "../socket-address.ts";
import * as c from "./libc.ts";

const SEND_BUFFER_BYTES = 4 * 2 ** 20;

/**
 * Sets an option that cannot be done without.
 *
 * @param what Names it for people.
 * @throws IcmpSocketError when the system refuses it.
 */
export function setOption(
  libc: c.Libc,
  family: AddressFamily,
  descriptor: number,
  level: number,
  option: number,
  value: number | Uint8Array,
  what: string,
): void {
  if (libc.setOption(descriptor, level, option, value) < 0) throw refusal(libc, family, what);
}

function refusal(libc: c.Libc, family: AddressFamily, what: string): IcmpSocketError {
  const errno = libc.errnoName(libc.errno());
  return new IcmpSocketError(
    family,
    errno,
    `Cannot set ${what} on the ${family} ICMP socket: ${errno}`,
  );
}

/**
 * Makes a socket what a profile asks for.
 *
 * @throws IcmpSocketError when the system refuses something of it.
 */
export function setProfile(libc: c.Libc, descriptor: number, profile: SocketProfile): void {
  const { family } = profile;
  const set = (level: number, option: number, value: number | Uint8Array, what: string): void =>
    setOption(libc, family, descriptor, level, option, value, what);
  if (profile.interface !== undefined) {
    const name = new TextEncoder().encode(`${profile.interface}\0`);
    set(c.SOL_SOCKET, c.SO_BINDTODEVICE, name, `interface ${profile.interface}`);
  }
  if (profile.mark !== 0) {
    set(c.SOL_SOCKET, c.SO_MARK, profile.mark | 0, `mark ${profile.mark}`);
  }
  const trafficClass = profile.dscp << 2;
  if (family === "ipv6") {
    set(c.SOL_IPV6, c.IPV6_UNICAST_HOPS, profile.hopLimit, "hop limit");
    if (trafficClass !== 0) set(c.SOL_IPV6, c.IPV6_TCLASS, trafficClass, "dscp");
  } else {
    set(c.SOL_IP, c.IP_TTL, profile.hopLimit, "ttl");
    const discovery = profile.isFragmentingForbidden ? c.IP_PMTUDISC_PROBE : c.IP_PMTUDISC_DONT;
    set(c.SOL_IP, c.IP_MTU_DISCOVER, discovery, "dont_fragment");
    if (trafficClass !== 0) set(c.SOL_IP, c.IP_TOS, trafficClass, "dscp");
  }
  if (profile.source !== undefined) bindTo(libc, descriptor, family, profile.source);
}

function bindTo(libc: c.Libc, descriptor: number, family: AddressFamily, source: string): void {
  const bytes = new Uint8Array(socketAddress(source, libc).buffer);
  const length = family === "ipv6" ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES;
  if (libc.bind(descriptor, bytes.subarray(0, length)) < 0) {
    throw refusal(libc, family, `source address ${source}`);
  }
}

/** As large as the system lets it be: beyond the limit for everybody with CAP_NET_ADMIN only (socket(7)). */
export function setReceiveBuffer(libc: c.Libc, descriptor: number, bytes: number): void {
  if (libc.setOption(descriptor, c.SOL_SOCKET, c.SO_RCVBUFFORCE, bytes) < 0) {
    libc.setOption(descriptor, c.SOL_SOCKET, c.SO_RCVBUF, bytes);
  }
}

/** Room for many batches on their way out, likewise. */
export function setSendBuffer(libc: c.Libc, descriptor: number): void {
  if (libc.setOption(descriptor, c.SOL_SOCKET, c.SO_SNDBUFFORCE, SEND_BUFFER_BYTES) < 0) {
    libc.setOption(descriptor, c.SOL_SOCKET, c.SO_SNDBUF, SEND_BUFFER_BYTES);
  }
}
