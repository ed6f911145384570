import {
  bytesOfAddress,
  type EchoRequest,
  type Envelope,
  ICMP_HEADER_BYTES,
  IPV4_HEADER_BYTES,
  IPV6_HEADER_BYTES,
  icmpPacket,
} from "./packet.ts";
import type { ErrorName, HostScript } from "./script.ts";

const DEFAULT_HOP_LIMIT = 64;
/** A router as far away as RFC 1812 section 4.2.2.9 lets it be. */
const ROUTER_HOP_LIMIT = 255;
/** Longest ICMPv4 error packet (RFC 1812 section 4.3.2.3) and ICMPv6 one (RFC 4443 section 2.4 c). */
const MAX_IPV4_ERROR_BYTES = 576;
const MAX_IPV6_ERROR_BYTES = 1280;
const DEFAULT_NEXT_MTU_BYTES = 1280;

type TypeAndCode = { readonly type: number; readonly code: number };

/** RFC 792 pages 4 and 6, RFC 1812 section 5.2.7.1 (code 13); RFC 4443 sections 3.1 to 3.4. */
const ERRORS: Readonly<Record<"ipv4" | "ipv6", Readonly<Record<ErrorName, TypeAndCode>>>> = {
  ipv4: {
    net_unreachable: { type: 3, code: 0 },
    host_unreachable: { type: 3, code: 1 },
    protocol_unreachable: { type: 3, code: 2 },
    port_unreachable: { type: 3, code: 3 },
    packet_too_big: { type: 3, code: 4 },
    prohibited: { type: 3, code: 13 },
    ttl_exceeded: { type: 11, code: 0 },
  },
  ipv6: {
    net_unreachable: { type: 1, code: 0 },
    prohibited: { type: 1, code: 1 },
    host_unreachable: { type: 1, code: 3 },
    port_unreachable: { type: 1, code: 4 },
    packet_too_big: { type: 2, code: 0 },
    ttl_exceeded: { type: 3, code: 0 },
    // The nearest thing: a parameter problem, unrecognized next header.
    protocol_unreachable: { type: 4, code: 1 },
  },
};

/** The right reply to a request. @see RFC 792 page 14, RFC 4443 section 4.2. */
export function rightReply(request: EchoRequest, script: HostScript): Uint8Array {
  return icmpPacket(envelopeOf(request, script), replyMessage(request));
}

export function corruptReply(
  request: EchoRequest,
  script: HostScript,
  damage: "payload" | "checksum",
): Uint8Array {
  const message = replyMessage(request);
  if (damage === "checksum") {
    const packet = icmpPacket(envelopeOf(request, script), message);
    const at = packet.length - message.length + 2;
    // A sum that differs in one bit is wrong in every arithmetic.
    packet[at] = (packet[at] ?? 0) ^ 0x10;
    return packet;
  }
  const isEmpty = request.payload.length === 0;
  const damaged = isEmpty ? Uint8Array.from([...message, 0xa5]) : message;
  if (!isEmpty) damaged[damaged.length - 1] = ~(damaged[damaged.length - 1] ?? 0) & 0xff;
  return icmpPacket(envelopeOf(request, script), damaged);
}

export function truncatedReply(
  request: EchoRequest,
  script: HostScript,
  toBytes: number,
): Uint8Array {
  return icmpPacket(envelopeOf(request, script), replyMessage(request).slice(0, toBytes));
}

export function forgedReply(
  request: EchoRequest,
  script: HostScript,
  forgery: NonNullable<HostScript["forge"]>,
): Uint8Array {
  const invertedBytes = forgery.invertedBytes ?? 0;
  const payload = request.payload.map((byte, at) => (at < invertedBytes ? ~byte : byte));
  const message = replyMessage({
    ...request,
    payload,
    identifier: (request.identifier + (forgery.identifierOffset ?? 0)) & 0xffff,
    sequence: (request.sequence + (forgery.sequenceOffset ?? 0)) & 0xffff,
  });
  const envelope = envelopeOf(request, script);
  const source = forgery.source === undefined ? envelope.source : bytesOfAddress(forgery.source);
  return icmpPacket({ ...envelope, source }, message);
}

/** An ICMP error about a request. @see RFC 792 page 4, RFC 1191 section 4 (MTU), RFC 4443 section 3. */
export function errorAbout(
  request: EchoRequest,
  error: NonNullable<HostScript["error"]>,
): Uint8Array {
  const isIpv4 = request.family === "ipv4";
  const { type, code } =
    typeof error.says === "string" ? ERRORS[request.family][error.says] : error.says;
  const room = isIpv4
    ? MAX_IPV4_ERROR_BYTES - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES
    : MAX_IPV6_ERROR_BYTES - IPV6_HEADER_BYTES - ICMP_HEADER_BYTES;
  const quoted = request.packet.subarray(0, Math.min(error.quotedBytes ?? room, room));
  const message = new Uint8Array(ICMP_HEADER_BYTES + quoted.length);
  const view = new DataView(message.buffer);
  view.setUint8(0, type);
  view.setUint8(1, code);
  if (error.says === "packet_too_big") {
    const mtuBytes = error.mtuBytes ?? DEFAULT_NEXT_MTU_BYTES;
    if (isIpv4) view.setUint16(6, mtuBytes);
    else view.setUint32(4, mtuBytes);
  }
  message.set(quoted, ICMP_HEADER_BYTES);
  return icmpPacket(
    {
      source: bytesOfAddress(error.from),
      destination: request.source,
      hopLimit: ROUTER_HOP_LIMIT,
      trafficClass: 0,
    },
    message,
  );
}

/** One packet of a flood. `draw` gives numbers from 0 to 1. */
export function strayPacket(
  envelope: Envelope,
  packet: NonNullable<HostScript["flood"]>["packet"],
  lastIdentifier: number,
  draw: () => number,
): Uint8Array {
  const word = (): number => Math.floor(draw() * 0x1_0000);
  const payload = Uint8Array.from({ length: 24 }, () => word() & 0xff);
  const isIpv4 = envelope.source.length === 4;
  const stray = (identifier: number): Uint8Array =>
    echoMessage({ type: isIpv4 ? 0 : 129, identifier, sequence: word(), payload });
  switch (packet) {
    case "echo_reply":
      return icmpPacket(envelope, stray(word()));
    case "echo_reply_of_last_identifier":
      return icmpPacket(envelope, stray(lastIdentifier));
    case "random_bytes":
      return icmpPacket(envelope, payload);
    case "unreachable":
    case "unreachable_of_last_identifier": {
      const asked = echoMessage({
        type: isIpv4 ? 8 : 128,
        identifier: packet === "unreachable" ? word() : lastIdentifier,
        sequence: word(),
        payload,
      });
      const quoted = icmpPacket(
        { ...envelope, source: envelope.destination, destination: envelope.source },
        asked,
      );
      const message = new Uint8Array(ICMP_HEADER_BYTES + quoted.length);
      const { type, code } = ERRORS[isIpv4 ? "ipv4" : "ipv6"].host_unreachable;
      message.set([type, code], 0);
      message.set(quoted, ICMP_HEADER_BYTES);
      return icmpPacket(envelope, message);
    }
  }
}

function envelopeOf(request: EchoRequest, script: HostScript): Envelope {
  return {
    source: request.destination,
    destination: request.source,
    hopLimit: script.hopLimit ?? DEFAULT_HOP_LIMIT,
    trafficClass: request.trafficClass,
  };
}

function replyMessage(request: EchoRequest): Uint8Array {
  return echoMessage({ ...request, type: request.family === "ipv4" ? 0 : 129 });
}

function echoMessage(echo: {
  readonly type: number;
  readonly identifier: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}): Uint8Array {
  const message = new Uint8Array(ICMP_HEADER_BYTES + echo.payload.length);
  const view = new DataView(message.buffer);
  view.setUint8(0, echo.type);
  view.setUint16(4, echo.identifier);
  view.setUint16(6, echo.sequence);
  message.set(echo.payload, ICMP_HEADER_BYTES);
  return message;
}
