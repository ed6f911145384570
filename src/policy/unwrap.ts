import { addressBytes, isIpv4Mapped } from "../runtime/address.ts";
import { cidr, isInCidr } from "./cidr.ts";

/** One address in every form in which it may arrive somewhere; each is 4 or 16 bytes. */
export type AddressForms = {
  /** The address as given, then the IPv4 addresses inside it. Denied in any form is denied. */
  readonly all: readonly Uint8Array[];
  /**
   * What an `allow` rule must cover, each of them. A mapped or NAT64 address is the IPv4 address in
   * other clothes and stands for it alone; a tunnel has two ends, so both count.
   */
  readonly destinations: readonly Uint8Array[];
};

type Wrapping = {
  readonly isWrapped: (bytes: Uint8Array) => boolean;
  /** The IPv4 addresses inside; several where the layout cannot be told from the address. */
  readonly unwrap: (bytes: Uint8Array) => readonly Uint8Array[];
  /** Which ends an `allow` rule must cover: the IPv4 address alone, both, or the IPv6 address alone. */
  readonly covered: "inside" | "both" | "outside";
};

const within = (text: string): ((bytes: Uint8Array) => boolean) => {
  const block = cidr(text);
  return (bytes) => isInCidr(bytes, block);
};
const lastFour = (bytes: Uint8Array): Uint8Array[] => [bytes.slice(12)];

/** Bytes of the IPv4 address behind prefixes of 48, 56, 64 and 96 bits; byte 8 is skipped (RFC 6052 section 2.2). */
const NAT64_LAYOUTS = [
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
  [12, 13, 14, 15],
] as const;

const WRAPPINGS: readonly Wrapping[] = [
  // IPv4-mapped, for which the kernel speaks IPv4: RFC 4291 section 2.5.5.2, RFC 3493 section 3.7.
  { isWrapped: isIpv4Mapped, unwrap: lastFour, covered: "inside" },
  // NAT64, well-known prefix: RFC 6052 section 2.1.
  { isWrapped: within("64:ff9b::/96"), unwrap: lastFour, covered: "inside" },
  // NAT64 with a prefix of the network's own choice in this block: RFC 8215.
  {
    isWrapped: within("64:ff9b:1::/48"),
    unwrap: (bytes) =>
      NAT64_LAYOUTS.map((layout) => Uint8Array.from(layout, (at) => bytes[at] ?? 0)),
    covered: "outside",
  },
  // IPv4-compatible: RFC 4291 section 2.5.5.1.
  { isWrapped: within("::/96"), unwrap: lastFour, covered: "both" },
  // IPv4-translated, of the stateless translators before NAT64: RFC 2765 section 2.1.
  { isWrapped: within("::ffff:0:0:0/96"), unwrap: lastFour, covered: "both" },
  // 6to4 keeps the router's IPv4 address after the 16-bit prefix: RFC 3056 section 2.
  { isWrapped: within("2002::/16"), unwrap: (bytes) => [bytes.slice(2, 6)], covered: "both" },
  // Teredo inverts every bit of the client's address so that NATs do not rewrite it: RFC 4380 section 4.
  {
    isWrapped: within("2001::/32"),
    unwrap: (bytes) => [bytes.slice(12).map((byte) => byte ^ 0xff)],
    covered: "both",
  },
];

/** `::` and `::1` lie in the IPv4-compatible block and are no such address (RFC 4291 section 2.5.5.1). */
const UNSPECIFIED_OR_LOOPBACK = cidr("::/127");

/**
 * The forms of an address in text; a zone id is dropped.
 *
 * @returns undefined when the text is no IP address. Notations that only a resolver or a URL parser
 *   understands (`127.1`, `0x7f000001`, `2130706433`) are none: what is connected to is never so written.
 *   `literalForms` reads those.
 */
export function addressForms(text: string): AddressForms | undefined {
  const bytes = addressBytes(text);
  if (bytes === undefined) return undefined;
  if (bytes.length === 4 || isInCidr(bytes, UNSPECIFIED_OR_LOOPBACK)) {
    return { all: [bytes], destinations: [bytes] };
  }
  const wrapping = WRAPPINGS.find(({ isWrapped }) => isWrapped(bytes));
  if (wrapping === undefined) return { all: [bytes], destinations: [bytes] };
  const inside = wrapping.unwrap(bytes);
  const all = [bytes, ...inside];
  switch (wrapping.covered) {
    case "inside":
      return { all, destinations: inside };
    case "both":
      return { all, destinations: all };
    case "outside":
      return { all, destinations: [bytes] };
  }
}
