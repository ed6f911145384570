import { domainToASCII } from "node:url";
import { type AddressForms, addressForms } from "./unwrap.ts";

/** Longest host worth reading as an address: eight groups, an IPv4 tail, a zone of Linux's 15 characters. */
const MAX_LITERAL_CHARACTERS = 100;

const LOOPBACKS = ["127.0.0.1", "::1"] as const;

/**
 * The forms of an address that a host text is, in whatever notation some program reads: in brackets, with a zone,
 * IPv4 with fewer parts or in hexadecimal, octal or one number (`127.1`, `0x7f000001`, `2130706433`), with a dot at
 * its end, in other digits than ASCII's.
 *
 * @returns undefined when the text is a name, or nothing at all.
 * @see https://url.spec.whatwg.org/#concept-ipv4-parser, which takes what `inet_aton` takes.
 */
export function literalForms(host: string): AddressForms | undefined {
  if (host.length > MAX_LITERAL_CHARACTERS) return undefined;
  const bare = (/^\[(.*)\]$/.exec(host)?.[1] ?? host).replace("%25", "%");
  return addressForms(bare) ?? addressForms(asUrlReads(bare));
}

/**
 * What a host stands for without asking anybody, for where nobody of ours will be asked: the literal, or both
 * loopback addresses for `localhost` and names below it (RFC 6761 section 6.3).
 *
 * @returns an empty list for every other name.
 */
export function formsWithoutLookup(host: string): readonly AddressForms[] {
  const literal = literalForms(host);
  if (literal !== undefined) return [literal];
  if (!/^(?:.*\.)?localhost\.?$/i.test(host.slice(-MAX_LITERAL_CHARACTERS))) return [];
  return LOOPBACKS.flatMap((text) => addressForms(text) ?? []);
}

/** A URL's host as its parser gives it; empty for what is none. What would end the host is kept out first. */
function asUrlReads(host: string): string {
  return /[/?#\\:@[\]\s]/.test(host) ? "" : domainToASCII(host);
}
