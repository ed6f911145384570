import { internetChecksum } from "../../packet.ts";

/**
 * IP headers written by hand, for echoes with a source address: the package `raw-socket` cannot bind, and Linux takes
 * no source from the sticky IPV6_PKTINFO of RFC 3542 section 6.
 */

export const IPV4_HEADER_BYTES = 20;
export const IPV6_HEADER_BYTES = 40;
export const IPV6_FRAGMENT_HEADER_BYTES = 8;

const PROTOCOL_ICMP = 1;
const NEXT_HEADER_FRAGMENT = 44;
const NEXT_HEADER_ICMPV6 = 58;
const IPV4_DONT_FRAGMENT = 0x4000;
const IPV4_MORE_FRAGMENTS = 0x2000;

/** What both headers say of a packet. */
export type IpHeader = {
  /** 4 or 16 bytes. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly hopLimit: number;
  readonly dscp: number;
};

/** Which part of the message a packet carries. */
export type Fragment = {
  /** Not 0 on IPv4: the kernel would put a number of its own in each. */
  readonly identification: number;
  /** A multiple of 8. */
  readonly offsetBytes: number;
  readonly hasMore: boolean;
};

/**
 * Writes an IPv4 header without options. The kernel fills in total length and checksum, and an identification of 0
 * (raw(7)).
 *
 * @see RFC 791 section 3.1.
 */
export function writeIpv4Header(
  bytes: Uint8Array,
  at: number,
  header: IpHeader,
  isFragmentingForbidden: boolean,
  fragment?: Fragment,
): void {
  bytes.fill(0, at, at + IPV4_HEADER_BYTES);
  bytes[at] = 0x45;
  bytes[at + 1] = header.dscp << 2;
  writeWord(bytes, at + 4, fragment?.identification ?? 0);
  const flags =
    (isFragmentingForbidden ? IPV4_DONT_FRAGMENT : 0) |
    (fragment?.hasMore === true ? IPV4_MORE_FRAGMENTS : 0);
  writeWord(bytes, at + 6, flags | ((fragment?.offsetBytes ?? 0) / 8));
  bytes[at + 8] = header.hopLimit;
  bytes[at + 9] = PROTOCOL_ICMP;
  bytes.set(header.source, at + 12);
  bytes.set(header.destination, at + 16);
}

/**
 * Writes an IPv6 header, and a fragment header behind it where there is a fragment.
 *
 * @param payloadBytes ICMPv6 bytes in this packet.
 * @see RFC 8200 sections 3 and 4.5.
 */
export function writeIpv6Header(
  bytes: Uint8Array,
  at: number,
  header: IpHeader,
  payloadBytes: number,
  fragment?: Fragment,
): void {
  const fragmentBytes = fragment === undefined ? 0 : IPV6_FRAGMENT_HEADER_BYTES;
  bytes.fill(0, at, at + IPV6_HEADER_BYTES + fragmentBytes);
  // Version, then the traffic class across two bytes, its lower half ahead of the flow label.
  bytes[at] = 0x60 | (header.dscp >> 2);
  bytes[at + 1] = (header.dscp << 6) & 0xff;
  writeWord(bytes, at + 4, fragmentBytes + payloadBytes);
  bytes[at + 6] = fragment === undefined ? NEXT_HEADER_ICMPV6 : NEXT_HEADER_FRAGMENT;
  bytes[at + 7] = header.hopLimit;
  bytes.set(header.source, at + 8);
  bytes.set(header.destination, at + 24);
  if (fragment === undefined) return;
  const next = at + IPV6_HEADER_BYTES;
  bytes[next] = NEXT_HEADER_ICMPV6;
  writeWord(bytes, next + 2, fragment.offsetBytes | (fragment.hasMore ? 1 : 0));
  writeWord(bytes, next + 4, fragment.identification >>> 16);
  writeWord(bytes, next + 6, fragment.identification & 0xffff);
}

/**
 * Fills in the checksum of an ICMPv6 message: the kernel does it only where it writes the IP header.
 *
 * @see RFC 4443 section 2.3, RFC 8200 section 8.1 (the pseudo-header).
 */
export function writeIcmpv6Checksum(
  bytes: Uint8Array,
  message: number,
  messageBytes: number,
  header: IpHeader,
): void {
  writeWord(bytes, message + 2, 0);
  let sum =
    onesSum(bytes, message, messageBytes) +
    onesSum(header.source) +
    onesSum(header.destination) +
    messageBytes +
    NEXT_HEADER_ICMPV6;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  writeWord(bytes, message + 2, ~sum & 0xffff);
}

function onesSum(bytes: Uint8Array, at = 0, length = bytes.length): number {
  return ~internetChecksum(bytes, at, length) & 0xffff;
}

function writeWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = (value >>> 8) & 0xff;
  bytes[at + 1] = value & 0xff;
}
