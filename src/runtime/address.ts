import { isIP } from "node:net";

export const ADDRESS_FAMILIES = ["ipv4", "ipv6"] as const;
export type AddressFamily = (typeof ADDRESS_FAMILIES)[number];

/** An IP address in text with its family; IPv6 may carry a zone (`fe80::1%eth0`). */
export type Address = { readonly text: string; readonly family: AddressFamily };

/** @returns undefined when the text is no IP address. A zone id is accepted for IPv6. */
export function familyOf(text: string): AddressFamily | undefined {
  switch (isIP(text)) {
    case 4:
      return "ipv4";
    case 6:
      return "ipv6";
    default:
      return undefined;
  }
}

export function parseAddress(text: string): Address | undefined {
  const family = familyOf(text);
  return family === undefined ? undefined : { text, family };
}

/**
 * Bytes of an address in network order: 4 or 16. A zone id is not part of them.
 *
 * @returns undefined when the text is no IP address.
 * @see RFC 4291 section 2.2 (`::` and a dotted IPv4 tail).
 */
export function addressBytes(text: string): Uint8Array | undefined {
  const family = familyOf(text);
  if (family === undefined) return undefined;
  if (family === "ipv4") return Uint8Array.from(text.split("."), Number);
  const [bare = ""] = text.split("%", 1);
  const [head = "", tail] = bare.split("::");
  const left = groupBytes(head);
  if (tail === undefined) return Uint8Array.from(left);
  const right = groupBytes(tail);
  const gap = Array.from({ length: 16 - left.length - right.length }, () => 0);
  return Uint8Array.from([...left, ...gap, ...right]);
}

function groupBytes(groups: string): number[] {
  if (groups === "") return [];
  return groups.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** The canonical text of 4 or 16 address bytes. @see RFC 5952 section 4. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let at = 0; at <= groups.length; at += 1) {
    if (groups[at] === 0) continue;
    if (at - start > best.length) best = { start, length: at - start };
    start = at + 1;
  }
  return best;
}

/** Whether 16 bytes are an IPv4 address in IPv6 form, `::ffff:192.0.2.1`. @see RFC 4291 section 2.5.5.2 */
export function isIpv4Mapped(bytes: Uint8Array): boolean {
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return false;
  return bytes.subarray(0, 10).every((byte) => byte === 0);
}
