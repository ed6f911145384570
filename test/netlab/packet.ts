import { addressBytes } from "../../src/runtime/address.ts";

/** An echo request as it left the machine under test. Byte arrays are copies of the packet's. */
export type EchoRequest = {
  readonly family: "ipv4" | "ipv6";
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly identifier: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
  readonly hopLimit: number;
  /** IPv4 type of service or IPv6 traffic class, the whole byte. */
  readonly trafficClass: number;
  /** The DF bit (RFC 791 section 3.1); IPv6 has none, its routers never fragment. */
  readonly isFragmentingForbidden: boolean;
  /** The whole IP packet, for the errors that quote it. */
  readonly packet: Uint8Array;
};

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_ICMPV6 = 58;
export const IPV4_HEADER_BYTES = 20;
export const IPV6_HEADER_BYTES = 40;
export const ICMP_HEADER_BYTES = 8;
/** More fragments flag and fragment offset (RFC 791 section 3.1). */
const FRAGMENT_BITS = 0x3fff;
const DONT_FRAGMENT_BIT = 0x4000;

/**
 * Reads one packet from the device.
 *
 * @returns undefined for everything but a whole echo request with a right checksum: other protocols,
 *   other types, fragments (the lab does not put them together again), damage.
 */
export function parseEchoRequest(packet: Uint8Array): EchoRequest | undefined {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const version = packet.length > 0 ? (packet[0] ?? 0) >> 4 : 0;
  if (version === 4) return parseIpv4(packet, view);
  return version === 6 ? parseIpv6(packet, view) : undefined;
}

/** RFC 791 section 3.1, RFC 792 page 14. */
function parseIpv4(packet: Uint8Array, view: DataView): EchoRequest | undefined {
  if (packet.length < IPV4_HEADER_BYTES) return undefined;
  const headerBytes = (view.getUint8(0) & 0xf) * 4;
  const totalBytes = view.getUint16(2);
  if (totalBytes > packet.length || totalBytes < headerBytes + ICMP_HEADER_BYTES) return undefined;
  if (view.getUint8(9) !== PROTOCOL_ICMP || (view.getUint16(6) & FRAGMENT_BITS) !== 0) {
    return undefined;
  }
  const message = packet.subarray(headerBytes, totalBytes);
  if (message[0] !== 8 || message[1] !== 0 || checksum([message]) !== 0) return undefined;
  return {
    family: "ipv4",
    source: packet.slice(12, 16),
    destination: packet.slice(16, 20),
    hopLimit: view.getUint8(8),
    trafficClass: view.getUint8(1),
    isFragmentingForbidden: (view.getUint16(6) & DONT_FRAGMENT_BIT) !== 0,
    ...echoFields(packet, message, totalBytes),
  };
}

/** RFC 8200 section 3, RFC 4443 section 4.1. */
function parseIpv6(packet: Uint8Array, view: DataView): EchoRequest | undefined {
  if (packet.length < IPV6_HEADER_BYTES + ICMP_HEADER_BYTES) return undefined;
  const totalBytes = IPV6_HEADER_BYTES + view.getUint16(4);
  if (view.getUint8(6) !== PROTOCOL_ICMPV6 || totalBytes > packet.length) return undefined;
  const message = packet.subarray(IPV6_HEADER_BYTES, totalBytes);
  const source = packet.slice(8, 24);
  const destination = packet.slice(24, 40);
  if (message.length < ICMP_HEADER_BYTES || message[0] !== 128 || message[1] !== 0)
    return undefined;
  if (checksum([pseudoHeader(source, destination, message.length), message]) !== 0)
    return undefined;
  return {
    family: "ipv6",
    source,
    destination,
    hopLimit: view.getUint8(7),
    trafficClass: (view.getUint16(0) >> 4) & 0xff,
    isFragmentingForbidden: false,
    ...echoFields(packet, message, totalBytes),
  };
}

function echoFields(packet: Uint8Array, message: Uint8Array, totalBytes: number) {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  return {
    identifier: view.getUint16(4),
    sequence: view.getUint16(6),
    payload: message.slice(ICMP_HEADER_BYTES),
    packet: packet.slice(0, totalBytes),
  };
}

/** Where a packet comes from and goes to, and what its IP header says. */
export type Envelope = {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly hopLimit: number;
  readonly trafficClass: number;
};

/**
 * Puts an ICMP message (checksum bytes 2 and 3 of it anything) into an IP packet of its addresses'
 * family, with every checksum right.
 */
export function icmpPacket(envelope: Envelope, message: Uint8Array): Uint8Array {
  const isIpv4 = envelope.source.length === 4;
  const headerBytes = isIpv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
  const packet = new Uint8Array(headerBytes + message.length);
  const view = new DataView(packet.buffer);
  packet.set(message, headerBytes);
  const body = packet.subarray(headerBytes);
  // A message cut short of its own checksum field has none to fill in.
  if (message.length >= 4) view.setUint16(headerBytes + 2, 0);
  if (isIpv4) {
    view.setUint8(0, 0x45);
    view.setUint8(1, envelope.trafficClass);
    view.setUint16(2, packet.length);
    view.setUint8(8, envelope.hopLimit);
    view.setUint8(9, PROTOCOL_ICMP);
    packet.set(envelope.source, 12);
    packet.set(envelope.destination, 16);
    view.setUint16(10, checksum([packet.subarray(0, IPV4_HEADER_BYTES)]));
    if (message.length >= 4) view.setUint16(headerBytes + 2, checksum([body]));
    return packet;
  }
  view.setUint16(0, 0x6000 | (envelope.trafficClass << 4));
  view.setUint16(4, message.length);
  view.setUint8(6, PROTOCOL_ICMPV6);
  view.setUint8(7, envelope.hopLimit);
  packet.set(envelope.source, 8);
  packet.set(envelope.destination, 24);
  if (message.length >= 4) {
    const pseudo = pseudoHeader(envelope.source, envelope.destination, message.length);
    view.setUint16(headerBytes + 2, checksum([pseudo, body]));
  }
  return packet;
}

/** RFC 8200 section 8.1, which RFC 4443 section 2.3 puts before an ICMPv6 message. */
function pseudoHeader(source: Uint8Array, destination: Uint8Array, bytes: number): Uint8Array {
  const header = new Uint8Array(40);
  header.set(source, 0);
  header.set(destination, 16);
  new DataView(header.buffer).setUint32(32, bytes);
  header[39] = PROTOCOL_ICMPV6;
  return header;
}

/**
 * Internet checksum over parts laid end to end; all but the last must have an even length.
 *
 * Written apart from the product's own, so that one mistake cannot hide in both.
 *
 * @returns 0 when the parts hold a right checksum already. @see RFC 1071 section 1.
 */
export function checksum(parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 1) {
      sum += at % 2 === 0 ? (part[at] ?? 0) * 256 : (part[at] ?? 0);
    }
  }
  while (sum > 0xffff) sum = (sum % 0x1_0000) + Math.floor(sum / 0x1_0000);
  return 0xffff - sum;
}

/** @throws RangeError when the text is no IP address. */
export function bytesOfAddress(text: string): Uint8Array {
  const bytes = addressBytes(text);
  if (bytes === undefined) throw new RangeError(`"${text}" is not an IP address`);
  return bytes;
}
