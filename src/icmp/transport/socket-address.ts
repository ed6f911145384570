import { addressBytes, familyOf } from "../../runtime/address.ts";
import { ADDRESS_WORDS } from "../transport.ts";
import { AF_INET, AF_INET6, type Libc } from "./kernel/libc.ts";

export const SOCKADDR_IN_BYTES = 16;
export const SOCKADDR_IN6_BYTES = 28;

/**
 * The socket address of an IP address, port 0, in `ADDRESS_WORDS` words.
 *
 * struct sockaddr_in: family u16, port u16, address at 4. struct sockaddr_in6: family, port, flow information
 * u32, address at 8, scope id u32 at 24. A zone id becomes the scope: an interface name or its number.
 *
 * @throws Error when the text is no IP address, or its zone names no interface.
 */
export function socketAddress(text: string, libc: Pick<Libc, "interfaceIndex">): Uint32Array {
  const words = new Uint32Array(ADDRESS_WORDS);
  const bytes = new Uint8Array(words.buffer);
  const view = new DataView(words.buffer);
  const address = addressBytes(text);
  if (address === undefined)
    throw new Error(`Cannot use "${text}" as an address: not an IP address`);
  if (familyOf(text) === "ipv4") {
    view.setUint16(0, AF_INET, true);
    bytes.set(address, 4);
    return words;
  }
  view.setUint16(0, AF_INET6, true);
  bytes.set(address, 8);
  const zone = text.split("%", 2)[1];
  if (zone !== undefined) {
    const index = /^\d+$/.test(zone) ? Number(zone) : libc.interfaceIndex(zone);
    if (index === 0) throw new Error(`Cannot use "${text}": there is no interface "${zone}" here`);
    view.setUint32(24, index, true);
  }
  return words;
}

/** Whether the IP addresses of two socket addresses of one family are equal; ports and scopes apart. */
export function isSameAddress(
  isVersion6: boolean,
  words: Uint32Array,
  at: number,
  others: Uint32Array,
  otherAt: number,
): boolean {
  if (!isVersion6) return words[at + 1] === others[otherAt + 1];
  return (
    words[at + 2] === others[otherAt + 2] &&
    words[at + 3] === others[otherAt + 3] &&
    words[at + 4] === others[otherAt + 4] &&
    words[at + 5] === others[otherAt + 5]
  );
}
