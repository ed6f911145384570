/**
 * Echo request and reply bytes. [hot]
 *
 * ```
 *  0      1      2           4           6          8           12          16
 *  type   code   checksum    identifier  sequence   cookie      ~cookie     filler 10 11 12 …
 * ```
 *
 * All fields are in network order. The cookie is 32 random bits new for each echo; its complement
 * behind it tells a damaged reply from an intact one to an older echo. A payload shorter than eight
 * bytes holds as much of them as fits. The filler byte at payload offset `i` is `i & 0xff`.
 *
 * @see RFC 792 page 14 (ICMP echo), RFC 4443 section 4.1 (ICMPv6 echo).
 */

export const ICMP_HEADER_BYTES = 8;
export const ECHO_REQUEST_V4 = 8;
export const ECHO_REPLY_V4 = 0;
export const ECHO_REQUEST_V6 = 128;
export const ECHO_REPLY_V6 = 129;

/** Payload bytes that are not filler. */
const COOKIE_BYTES = 8;

/** What `payloadVerdict` says of a reply's payload. */
export const PAYLOAD = { intact: 0, damaged: 1, ofAnotherEcho: 2 } as const;

/**
 * Internet checksum: the one's complement of the one's complement sum of 16-bit words.
 *
 * @param packet Holds the whole ICMP message from `offset`, header first; `bytes` long. An odd last
 *   byte counts as the high byte of a word padded with zero.
 * @returns Unsigned 16-bit value, to be stored big-endian; 0 for a message whose own checksum is right.
 * @see RFC 1071 section 1 (method); RFC 792 page 14 (which bytes it covers).
 *   ICMPv6 callers must not use this: the kernel fills that sum in (RFC 3542 section 3.1).
 */
export function internetChecksum(packet: Uint8Array, offset = 0, bytes = packet.length): number {
  let sum = 0;
  const end = offset + bytes;
  for (let at = offset; at < end; at += 2) {
    const low = at + 1 < end ? (packet[at + 1] ?? 0) : 0;
    sum += ((packet[at] ?? 0) << 8) | low;
  }
  // 65,535 bytes of 0xff sum to less than 2^32, so folding at the end is enough.
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Writes the filler of a request; once per buffer and size, `writeEchoRequest` leaves it alone. */
export function writeFiller(packet: Uint8Array, offset: number, payloadBytes: number): void {
  const payload = offset + ICMP_HEADER_BYTES;
  for (let i = COOKIE_BYTES; i < payloadBytes; i += 1) packet[payload + i] = i & 0xff;
}

/** Sum of the 16-bit words of the filler of a payload; kept by the caller for `writeEchoRequest`. */
export function fillerSum(payloadBytes: number): number {
  let sum = 0;
  for (let i = COOKIE_BYTES; i < payloadBytes; i += 1) {
    sum += i % 2 === 0 ? (i & 0xff) << 8 : i & 0xff;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

/**
 * Writes header and cookie of an echo request; the filler must be there already.
 *
 * @param type `ECHO_REQUEST_V4` or `ECHO_REQUEST_V6`; for IPv6 the checksum is left to the kernel.
 * @param filler What `fillerSum(payloadBytes)` gave, so that a large echo costs no more than a small one.
 */
export function writeEchoRequest(
  packet: Uint8Array,
  offset: number,
  type: number,
  identifier: number,
  sequence: number,
  cookie: number,
  payloadBytes: number,
  filler: number,
): void {
  packet[offset] = type;
  packet[offset + 1] = 0;
  packet[offset + 2] = 0;
  packet[offset + 3] = 0;
  packet[offset + 4] = identifier >>> 8;
  packet[offset + 5] = identifier & 0xff;
  packet[offset + 6] = sequence >>> 8;
  packet[offset + 7] = sequence & 0xff;
  const payload = offset + ICMP_HEADER_BYTES;
  const cookieBytes = payloadBytes < COOKIE_BYTES ? payloadBytes : COOKIE_BYTES;
  for (let i = 0; i < cookieBytes; i += 1) packet[payload + i] = cookieByte(cookie, i);
  if (type !== ECHO_REQUEST_V4) return;

  let sum = (type << 8) + identifier + sequence + filler;
  for (let i = 0; i < cookieBytes; i += 1) {
    const byte = cookieByte(cookie, i);
    sum += i % 2 === 0 ? byte << 8 : byte;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  const checksum = ~sum & 0xffff;
  packet[offset + 2] = checksum >>> 8;
  packet[offset + 3] = checksum & 0xff;
}

/** Byte `i` of the cookie and, from 4 on, of its complement. */
function cookieByte(cookie: number, i: number): number {
  const shift = 24 - 8 * (i & 3);
  const byte = (cookie >>> shift) & 0xff;
  return i < 4 ? byte : ~byte & 0xff;
}

/**
 * Whether a reply's payload is the one that was sent with `cookie`.
 *
 * @param bytes Payload bytes that came, ICMP header not counted.
 * @param sentBytes Payload bytes that were sent.
 * @returns One of `PAYLOAD`. `ofAnotherEcho`: whole and undamaged, but with another cookie.
 */
export function payloadVerdict(
  packet: Uint8Array,
  payload: number,
  bytes: number,
  sentBytes: number,
  cookie: number,
): number {
  if (bytes !== sentBytes) return PAYLOAD.damaged;
  for (let i = COOKIE_BYTES; i < bytes; i += 1) {
    if (packet[payload + i] !== (i & 0xff)) return PAYLOAD.damaged;
  }
  const cookieBytes = bytes < COOKIE_BYTES ? bytes : COOKIE_BYTES;
  let isOurs = true;
  for (let i = 0; i < cookieBytes; i += 1) {
    if (packet[payload + i] !== cookieByte(cookie, i)) isOurs = false;
  }
  if (isOurs) return PAYLOAD.intact;
  if (bytes < COOKIE_BYTES) return PAYLOAD.damaged;
  for (let i = 0; i < 4; i += 1) {
    if (packet[payload + 4 + i] !== (~(packet[payload + i] ?? 0) & 0xff)) return PAYLOAD.damaged;
  }
  return PAYLOAD.ofAnotherEcho;
}

/** Identifier of an echo message at `offset`. */
export function identifierAt(packet: Uint8Array, offset: number): number {
  return ((packet[offset + 4] ?? 0) << 8) | (packet[offset + 5] ?? 0);
}

/** Sequence number of an echo message at `offset`. */
export function sequenceAt(packet: Uint8Array, offset: number): number {
  return ((packet[offset + 6] ?? 0) << 8) | (packet[offset + 7] ?? 0);
}
