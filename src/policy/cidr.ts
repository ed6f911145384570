import {
  type AddressFamily,
  addressBytes,
  addressText,
  familyOf,
  isIpv4Mapped,
} from "../runtime/address.ts";
import { quote } from "../runtime/found.ts";

/** A block of addresses. `network` has 4 or 16 bytes; its bits after `prefixBits` are zero. */
export type Cidr = {
  readonly family: AddressFamily;
  readonly network: Uint8Array;
  readonly prefixBits: number;
};

export type ParsedCidr =
  | { readonly kind: "parsed"; readonly cidr: Cidr }
  /** `problem` is one sentence that says what to write instead. */
  | { readonly kind: "malformed"; readonly problem: string };

/** Bits before the IPv4 address in `::ffff:0:0/96`. */
const MAPPED_PREFIX_BITS = 96;

/**
 * A block as `192.0.2.0/24` or `2001:db8::/32`; an address alone is the block of that one address.
 *
 * Host bits that are set are a problem: who writes 192.0.2.7/24 may mean either, and one of the two is
 * 255 addresses too many. A block within `::ffff:0:0/96` is given as the IPv4 block that it is.
 *
 * @see RFC 4632 section 3.1 (IPv4), RFC 4291 section 2.3 (IPv6).
 */
export function parseCidr(text: string): ParsedCidr {
  const [address = "", prefix, ...rest] = text.split("/");
  if (address.includes("%")) {
    return malformed(`${quote(text)} has a zone: write the address without "%" and what follows`);
  }
  const family = familyOf(address);
  const bytes = addressBytes(address);
  if (family === undefined || bytes === undefined || rest.length > 0) {
    return malformed(
      `${quote(text)} is not a CIDR: write for example 192.0.2.0/24, 2001:db8::/32 or 192.0.2.1`,
    );
  }
  const widthBits = bytes.length * 8;
  const prefixBits = prefix === undefined ? widthBits : prefixBitsOf(prefix);
  if (prefixBits === undefined || prefixBits > widthBits) {
    return malformed(
      `${quote(text)} has no valid prefix length: write ${address}/ and a number from 0 to ${widthBits}`,
    );
  }
  const network = masked(bytes, prefixBits);
  if (Buffer.compare(network, bytes) !== 0) {
    return malformed(
      `${quote(text)} has bits set after its prefix: write ${addressText(network)}/${prefixBits} for the block, or ${address}/${widthBits} for the one address`,
    );
  }
  if (isIpv4Mapped(network) && prefixBits >= MAPPED_PREFIX_BITS) {
    const inner = { network: network.slice(12), prefixBits: prefixBits - MAPPED_PREFIX_BITS };
    return { kind: "parsed", cidr: { family: "ipv4", ...inner } };
  }
  return { kind: "parsed", cidr: { family, network, prefixBits } };
}

/** What is wrong with a CIDR text, as one sentence; undefined when nothing is. */
export function cidrProblem(text: string): string | undefined {
  const parsed = parseCidr(text);
  return parsed.kind === "malformed" ? parsed.problem : undefined;
}

/**
 * A block written in the program itself.
 *
 * @throws when the text is malformed: a fault of ours, not of a configuration.
 */
export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed.kind === "malformed") throw new Error(`Cannot parse CIDR: ${parsed.problem}`);
  return parsed.cidr;
}

/** Whether the address of 4 or 16 bytes lies in the block. Never across families. */
export function isInCidr(address: Uint8Array, block: Cidr): boolean {
  if (address.length !== block.network.length) return false;
  const wholeBytes = block.prefixBits >> 3;
  for (let at = 0; at < wholeBytes; at += 1) {
    if (address[at] !== block.network[at]) return false;
  }
  const mask = byteMask(block.prefixBits & 7);
  return ((address[wholeBytes] ?? 0) & mask) === ((block.network[wholeBytes] ?? 0) & mask);
}

function malformed(problem: string): ParsedCidr {
  return { kind: "malformed", problem };
}

function prefixBitsOf(text: string): number | undefined {
  return /^(?:0|[1-9]\d{0,2})$/.test(text) ? Number(text) : undefined;
}

function masked(bytes: Uint8Array, prefixBits: number): Uint8Array {
  return bytes.map((byte, at) => byte & byteMask(prefixBits - at * 8));
}

/** The first `bits` bits of a byte; all of them above 8, none below 0. */
function byteMask(bits: number): number {
  const count = Math.min(8, Math.max(0, bits));
  return (0xff << (8 - count)) & 0xff;
}
