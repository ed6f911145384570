import type { AddressFamily } from "../../../runtime/address.ts";
import type { LossReason } from "../../echo.ts";
import {
  ECHO_REPLY_V4,
  ECHO_REPLY_V6,
  ECHO_REQUEST_V4,
  ECHO_REQUEST_V6,
  ICMP_HEADER_BYTES,
  identifierAt,
  internetChecksum,
  sequenceAt,
} from "../../packet.ts";
import { lossReason } from "../icmp-error.ts";

const IDENTIFIERS = 16;
const MIN_IPV4_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;
const FRAGMENT_HEADER_BYTES = 8;
const PROTOCOL_ICMP = 1;
const NEXT_HEADER_FRAGMENT = 44;
const NEXT_HEADER_ICMPV6 = 58;
/** No header is there: the bytes are too few, or are not what they ought to be. */
const NONE = -1;

/** What a packet from a raw socket is to us. */
export type RawMessage =
  | {
      readonly kind: "reply";
      /** Where the ICMP header begins. */
      readonly message: number;
      readonly slot: number;
      /** NaN on IPv6, where the package does not tell. */
      readonly hopLimit: number;
    }
  | {
      readonly kind: "error";
      readonly slot: number;
      readonly reason: LossReason;
      /** Where the address begins that the echo was sent to. */
      readonly target: number;
    }
  /** It speaks of an echo of ours, but was damaged on its way. */
  | { readonly kind: "malformed" }
  /** Of other processes, or of no interest. */
  | { readonly kind: "other" };

const OTHER: RawMessage = { kind: "other" };
const MALFORMED: RawMessage = { kind: "malformed" };

/**
 * Reads what a raw socket gave: on IPv4 with its IP header (raw(7)), on IPv6 from the ICMPv6 header on, whose checksum
 * the kernel has verified (RFC 3542 section 3.1). Takes any bytes.
 *
 * An ICMP error quotes the packet it is about: its IP header and at least 8 bytes more (RFC 792 page 4, RFC 4443
 * section 2.4). A reply with an identifier of ours is handed on as it is: its user knows the cookie.
 *
 * @param firstIdentifier Replies and errors with one of the 16 identifiers from it on are ours.
 */
export function readMessage(
  family: AddressFamily,
  firstIdentifier: number,
  packet: Uint8Array,
): RawMessage {
  const isVersion6 = family === "ipv6";
  const message = isVersion6 ? 0 : ipv4Payload(packet, 0);
  if (message === NONE || packet.length < message + ICMP_HEADER_BYTES) return OTHER;
  const type = packet[message] ?? 0;
  if (type === (isVersion6 ? ECHO_REPLY_V6 : ECHO_REPLY_V4)) {
    const slot = slotAt(packet, message, firstIdentifier);
    const hopLimit = isVersion6 ? Number.NaN : (packet[8] ?? Number.NaN);
    return slot === NONE ? OTHER : { kind: "reply", message, slot, hopLimit };
  }
  const reason = lossReason(family, type, packet[message + 1] ?? 0);
  if (reason === undefined) return OTHER;
  const quoted = message + ICMP_HEADER_BYTES;
  const request = isVersion6 ? ipv6Payload(packet, quoted) : firstIpv4Payload(packet, quoted);
  if (request === NONE || packet.length < request + ICMP_HEADER_BYTES) return OTHER;
  if (packet[request] !== (isVersion6 ? ECHO_REQUEST_V6 : ECHO_REQUEST_V4)) return OTHER;
  const slot = slotAt(packet, request, firstIdentifier);
  if (slot === NONE) return OTHER;
  // Raw sockets get a packet before the kernel looks at the checksum of its ICMP message.
  if (!isVersion6 && internetChecksum(packet, message, packet.length - message) !== 0) {
    return MALFORMED;
  }
  return { kind: "error", slot, reason, target: quoted + (isVersion6 ? 24 : 16) };
}

/** Where the payload of an IPv4 packet with an ICMP message begins; `NONE` if it is none. */
function ipv4Payload(packet: Uint8Array, at: number): number {
  if (packet.length < at + MIN_IPV4_HEADER_BYTES) return NONE;
  const first = packet[at] ?? 0;
  const headerBytes = (first & 0xf) * 4;
  const isPlausible = first >>> 4 === 4 && headerBytes >= MIN_IPV4_HEADER_BYTES;
  return isPlausible && packet[at + 9] === PROTOCOL_ICMP ? at + headerBytes : NONE;
}

/** Likewise, `NONE` for a fragment that is not the first. Packets that came are whole; systems differ in their field. */
function firstIpv4Payload(packet: Uint8Array, at: number): number {
  const fragmentOffset = (((packet[at + 6] ?? 0) & 0x1f) << 8) | (packet[at + 7] ?? 0);
  return fragmentOffset === 0 ? ipv4Payload(packet, at) : NONE;
}

/** Likewise for IPv6: plain, or the first fragment of a packet that was too large (RFC 8200 section 4.5). */
function ipv6Payload(packet: Uint8Array, at: number): number {
  const next = at + IPV6_HEADER_BYTES;
  if (packet.length < next || (packet[at] ?? 0) >>> 4 !== 6) return NONE;
  if (packet[at + 6] === NEXT_HEADER_ICMPV6) return next;
  if (packet[at + 6] !== NEXT_HEADER_FRAGMENT) return NONE;
  if (packet.length < next + FRAGMENT_HEADER_BYTES) return NONE;
  const fragmentOffset = ((packet[next + 2] ?? 0) << 5) | ((packet[next + 3] ?? 0) >>> 3);
  const isFirst = fragmentOffset === 0 && packet[next] === NEXT_HEADER_ICMPV6;
  return isFirst ? next + FRAGMENT_HEADER_BYTES : NONE;
}

function slotAt(packet: Uint8Array, message: number, firstIdentifier: number): number {
  const block = identifierAt(packet, message) - firstIdentifier;
  if (block < 0 || block >= IDENTIFIERS) return NONE;
  return block * 0x1_0000 + sequenceAt(packet, message);
}
