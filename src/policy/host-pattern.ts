import { domainToASCII } from "node:url";
import { addressBytes, addressText } from "../runtime/address.ts";
import { quote } from "../runtime/found.ts";

/** RFC 1035 section 2.3.4, in its dotted text. */
const MAX_HOST_CHARACTERS = 253;
const HOST = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;
const WILDCARD = "*.";

/** What is wrong with a host pattern, as one sentence; undefined when nothing is. */
export function hostPatternProblem(pattern: string): string | undefined {
  if (pattern === "*" || pattern === "*.") {
    return `${quote(pattern)} would match every host: leave "host" out of the rule to say that`;
  }
  const bare = pattern.startsWith(WILDCARD) ? pattern.slice(WILDCARD.length) : pattern;
  if (bare.includes("*")) {
    return `${quote(pattern)} has a "*" inside: only "*." at the beginning is understood, as in *.example.net`;
  }
  if (/[/:@?#[\]]/.test(bare) && addressBytes(bare) === undefined) {
    return `${quote(pattern)} is more than a host: write the name alone, such as www.example.net, and a port in "port"`;
  }
  const host = canonicalHost(bare);
  const isAddress = addressBytes(host) !== undefined;
  // The length first: the expression is not asked about a text of a megabyte.
  if (!isAddress && (host.length > MAX_HOST_CHARACTERS || !HOST.test(host))) {
    return `${quote(pattern)} is not a host: write for example www.example.net or *.example.net`;
  }
  if (bare !== pattern && isAddress) {
    return `${quote(pattern)} mixes "*." with an address: write a block of addresses in "cidr"`;
  }
  return undefined;
}

/**
 * Whether a host fits a pattern: exactly, or `*.example.net` for every name below example.net at any
 * depth (not example.net itself). Case, a trailing dot and the spelling of IDNs or addresses do not matter.
 */
export function matchesHost(pattern: string, host: string): boolean {
  const wanted = canonicalHost(host);
  if (!pattern.startsWith(WILDCARD)) return canonicalHost(pattern) === wanted;
  const suffix = `.${canonicalHost(pattern.slice(WILDCARD.length))}`;
  return wanted.length > suffix.length && wanted.endsWith(suffix);
}

function canonicalHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  const bytes = addressBytes(bare);
  if (bytes !== undefined) return addressText(bytes);
  const lower = bare.toLowerCase();
  // domainToASCII also reads `127.1` as an address, so it is kept for names that need it.
  return /^[\x20-\x7e]*$/.test(lower) ? lower : domainToASCII(lower) || lower;
}
