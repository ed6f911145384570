import type { ProbeOutcome } from "../../probe/prober.ts";
import { type Address, addressBytes, isIpv4Mapped } from "../../runtime/address.ts";
import { PAGE_METRICS } from "../catalogue/page-metrics.ts";
import { gaugeText } from "./gauge-text.ts";

/** `probe_dns_lookup_time_seconds`. */
const lookupTime = gaugeText(PAGE_METRICS.lookupTime);
const ipProtocol = gaugeText(PAGE_METRICS.ipProtocol);
const ipAddressHash = gaugeText(PAGE_METRICS.ipAddressHash);

const IPV4_PROTOCOL = ipProtocol(4);
const IPV6_PROTOCOL = ipProtocol(6);
const NO_ADDRESS = `${ipAddressHash(0)}${ipProtocol(0)}`;

const DOT = ".".charCodeAt(0);
const ZERO = "0".charCodeAt(0);

/** `probe_dns_lookup_time_seconds` of a probe that looked for an address, found or not. */
export function lookupText(outcome: ProbeOutcome): string {
  return lookupTime(outcome.lookupSeconds);
}

/** `probe_ip_addr_hash` and `probe_ip_protocol` of a probe that looked for an address; both 0 where none was found. */
export function addressTexts({ address }: ProbeOutcome): string {
  if (address === undefined) return NO_ADDRESS;
  if (address.family === "ipv4")
    return `${ipAddressHash(hashOfText(address.text))}${IPV4_PROTOCOL}`;
  return ofBytes(address);
}

/** As Go has an address: 4 bytes for IPv4, also where it is written as IPv4-mapped IPv6. */
function ofBytes(address: Address): string {
  const bytes = addressBytes(address.text);
  if (bytes === undefined) return NO_ADDRESS;
  return isIpv4Mapped(bytes)
    ? `${ipAddressHash(hashOfBytes(bytes.subarray(12)))}${IPV4_PROTOCOL}`
    : `${ipAddressHash(hashOfBytes(bytes))}${IPV6_PROTOCOL}`;
}

/** FNV-1a of 32 bits, Go's `fnv.New32a`. */
const FNV_OFFSET = 0x811c_9dc5;

function withByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x0100_0193);
}

function hashOfBytes(bytes: Uint8Array): number {
  let hash = FNV_OFFSET;
  for (const byte of bytes) hash = withByte(hash, byte);
  return hash >>> 0;
}

/** The same of an IPv4 address in text, without an array of its bytes. */
function hashOfText(text: string): number {
  let hash = FNV_OFFSET;
  let byte = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      hash = withByte(hash, byte);
      byte = 0;
    } else {
      byte = byte * 10 + code - ZERO;
    }
  }
  return withByte(hash, byte) >>> 0;
}
