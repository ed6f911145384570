import { type Address, parseAddress } from "../runtime/address.ts";

/** Addresses by name in lower case. */
export type HostsFile = ReadonlyMap<string, readonly Address[]>;

/** A name that many lines repeat: what lies beyond is of no use to anybody. */
const MAX_ADDRESSES_PER_NAME = 256;

const LOCALHOST: readonly Address[] = [
  { text: "127.0.0.1", family: "ipv4" },
  { text: "::1", family: "ipv6" },
];

/**
 * Reads a hosts file: an address, then names, `#` starts a comment. Lines that do not begin with an
 * address are passed over. A name on several lines has the addresses of all of them, in order.
 * Never throws.
 *
 * @see hosts(5).
 */
export function parseHostsFile(text: string): HostsFile {
  const hosts = new Map<string, Address[]>();
  for (const line of text.split("\n")) {
    const [content = ""] = line.split("#", 1);
    const [addressText = "", ...names] = content.trim().split(/\s+/);
    const address = parseAddress(addressText);
    if (address === undefined) continue;
    for (const name of names) addTo(hosts, name.toLowerCase().replace(/\.$/, ""), address);
  }
  return hosts;
}

function addTo(hosts: Map<string, Address[]>, name: string, address: Address): void {
  const known = hosts.get(name);
  if (known === undefined) {
    hosts.set(name, [address]);
  } else if (
    known.length < MAX_ADDRESSES_PER_NAME &&
    !known.some(({ text }) => text === address.text)
  ) {
    known.push(address);
  }
}

/**
 * What is known of a name without asking anybody.
 *
 * `localhost` and everything under it is the loopback of both families whatever the file says, and
 * no server is ever asked for it (RFC 6761 section 6.3).
 *
 * @param name In lower case, without a trailing dot.
 */
export function addressesFromHosts(hosts: HostsFile, name: string): readonly Address[] | undefined {
  if (name === "localhost" || name.endsWith(".localhost")) return LOCALHOST;
  return hosts.get(name);
}
