import { networkInterfaces } from "node:os";
import { addressBytes, addressText } from "../runtime/address.ts";
import { cidr, isInCidr } from "./cidr.ts";
import type { ListenAddress } from "./verdict.ts";

/** Names that `probe.deny` takes beside CIDRs. */
export const DENY_SETS = ["metadata", "self"] as const;
export type DenySet = (typeof DENY_SETS)[number];

/** Where clouds hand credentials to whoever asks: AWS, Azure, Google, Alibaba, Oracle and link-local. */
const METADATA = [
  "169.254.0.0/16",
  "fe80::/10",
  "fd00:ec2::/32",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
].map(cidr);

const NEVER = [
  { block: cidr("255.255.255.255"), what: "the broadcast address" },
  { block: cidr("224.0.0.0/4"), what: "a multicast address" },
  { block: cidr("ff00::/8"), what: "a multicast address" },
  { block: cidr("0.0.0.0/8"), what: "an address of this host on this network (0.0.0.0/8)" },
  { block: cidr("::/128"), what: "the unspecified address" },
  { block: cidr("240.0.0.0/4"), what: "a reserved address (240.0.0.0/4)" },
] as const;

const LOOPBACK = [cidr("127.0.0.0/8"), cidr("::1")];

export function isMetadata(address: Uint8Array): boolean {
  return METADATA.some((block) => isInCidr(address, block));
}

/** What the address is if nobody may probe it, as words for a sentence; else undefined. */
export function neverProbed(address: Uint8Array): string | undefined {
  return NEVER.find(({ block }) => isInCidr(address, block))?.what;
}

/**
 * Whether address and port lead to this agent.
 *
 * A port it listens on counts by every local address, also where it listens on another one: a
 * forwarding rule or a restart with a wildcard must not open the way.
 *
 * @param localAddresses Addresses of this machine's interfaces, asked for only when the port fits,
 *   because interfaces come and go while the agent runs.
 */
export function isSelf(
  address: Uint8Array,
  port: number,
  listen: readonly ListenAddress[],
  localAddresses: () => readonly string[],
): boolean {
  const samePort = listen.filter((listener) => listener.port === port);
  if (samePort.length === 0) return false;
  if (LOOPBACK.some((block) => isInCidr(address, block))) return true;
  const wanted = addressText(address);
  const own = [...samePort.map((listener) => listener.address), ...localAddresses()];
  return own.some((text) => canonicalText(text) === wanted);
}

/** The addresses of this machine's interfaces now. */
export function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((entries = []) =>
    entries.map(({ address }) => address),
  );
}

function canonicalText(text: string): string | undefined {
  const bytes = addressBytes(text);
  return bytes === undefined ? undefined : addressText(bytes);
}
