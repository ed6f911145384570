import { networkInterfaces } from "node:os";
import { addressText, type InterfaceName } from "./address-text.ts";
import { AF_INET6 } from "./kernel/libc.ts";

/** Whether a socket address is one of IPv6. [hot] */
export function isVersion6Address(words: Uint32Array, at: number): boolean {
  // The first two bytes are the family, in the order of the host (linux/socket.h).
  return ((words[at] ?? 0) & 0xffff) === AF_INET6;
}

/** The text of a socket address that says itself of which family it is. */
export function addressWordsText(
  words: Uint32Array,
  at: number,
  interfaceName?: InterfaceName,
): string {
  const family = isVersion6Address(words, at) ? "ipv6" : "ipv4";
  return addressText(family, words, at, interfaceName);
}

/** The number of an interface by its name, where no call of the kernel's can be made; 0 when it has none. */
export function interfaceIndexOf(name: string): number {
  const found = networkInterfaces()[name]?.find(
    (address) => address.family === "IPv6" && address.scopeid !== 0,
  );
  // Node tells the number of link-local addresses only; without one nothing link-local goes there.
  return found?.family === "IPv6" ? found.scopeid : 0;
}
