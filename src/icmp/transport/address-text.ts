import { networkInterfaces } from "node:os";
import { type AddressFamily, addressText as textOfBytes } from "../../runtime/address.ts";
import type { Clock } from "../../runtime/clock.ts";

/** The name of the interface with this number (`sin6_scope_id`); undefined when there is none by that number. */
export type InterfaceName = (index: number) => string | undefined;

/** How long names are kept: reading them costs some 0.1 ms, and interfaces are seldom renamed. */
const KEPT_SECONDS = 10;

/**
 * The text of a socket address: `192.0.2.1`, `2001:db8::1`, `fe80::1%eth0`.
 *
 * @param words Socket addresses as `socketAddress` lays them out; this one begins at word `at`.
 * @param interfaceName Where the name of a zone comes from. A zone without a name keeps its number, as RFC 4007
 *   section 11.2 allows.
 */
export function addressText(
  family: AddressFamily,
  words: Uint32Array,
  at: number,
  interfaceName: InterfaceName = readInterfaceName,
): string {
  const start = words.byteOffset + at * 4;
  if (family === "ipv4") return textOfBytes(new Uint8Array(words.buffer, start + 4, 4));
  const text = textOfBytes(new Uint8Array(words.buffer, start + 8, 16));
  const scope = words[at + 6] ?? 0;
  return scope === 0 ? text : `${text}%${interfaceName(scope) ?? scope}`;
}

/** Reads the interfaces of this machine anew. Windows has numbers in place of names (RFC 4007 section 11.2). */
export function readInterfaceName(index: number): string | undefined {
  return process.platform === "win32" ? undefined : nameOf(index, networkInterfaces());
}

/** As `readInterfaceName`, for whoever asks once a packet: reads at most once in ten seconds. */
export function rememberedInterfaceName(
  clock: Clock,
  read: InterfaceName = readInterfaceName,
): InterfaceName {
  const names = new Map<number, string | undefined>();
  let untilSeconds = Number.NEGATIVE_INFINITY;
  return (index) => {
    const now = clock.monotonicSeconds();
    if (now >= untilSeconds) {
      names.clear();
      untilSeconds = now + KEPT_SECONDS;
    }
    if (!names.has(index)) names.set(index, read(index));
    return names.get(index);
  };
}

/** Only link-local addresses tell the number of their interface. */
function nameOf(
  index: number,
  interfaces: ReturnType<typeof networkInterfaces>,
): string | undefined {
  return Object.entries(interfaces).find(([, addresses = []]) =>
    addresses.some((address) => address.family === "IPv6" && address.scopeid === index),
  )?.[0];
}
