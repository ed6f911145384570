import { domainToASCII } from "node:url";
import { type Address, parseAddress } from "../runtime/address.ts";

/** What an operator or a URL calls a host. */
export type Host =
  | { readonly kind: "address"; readonly address: Address }
  | {
      readonly kind: "name";
      /** Lower case, internationalised labels as `xn--…`, without the trailing dot. */
      readonly name: string;
      /** A trailing dot was there: the search list is not for this name. */
      readonly isAbsolute: boolean;
    }
  | { readonly kind: "bad"; readonly detail: string };

/** Without the trailing dot. @see RFC 1035 section 2.3.4 (255 octets on the wire). */
export const MAX_NAME_CHARACTERS = 253;
const MAX_LABEL_CHARACTERS = 63;
/** Longest text quoted back: a message must not be filled by its cause. */
const MAX_QUOTED_CHARACTERS = 80;

/**
 * Reads a host as it stands in a target: an address (IPv6 also in brackets, also with a zone) or a
 * name.
 *
 * Underscores are taken, as every resolver does (RFC 2181 section 11); a name that looks like an
 * IPv4 address and is none (`300.1.2.3`, `127.1`) is refused, because the C library reads some of
 * them as addresses and no server knows them.
 *
 * @see RFC 1123 section 2.1 (host names), RFC 5891 (internationalised names).
 */
export function parseHost(text: string): Host {
  const bare = /^\[(.*:.*)\]$/.exec(text)?.[1] ?? text;
  const address = parseAddress(bare);
  if (address !== undefined) return { kind: "address", address };

  const isAbsolute = text.endsWith(".");
  const withoutDot = isAbsolute ? text.slice(0, -1) : text;
  const name = asciiName(withoutDot);
  const flaw = name === undefined ? "it is not a valid international name" : flawOf(name);
  if (name === undefined || flaw !== undefined) {
    return { kind: "bad", detail: `${quote(text)} is not a host name: ${flaw}` };
  }
  return { kind: "name", name, isAbsolute };
}

/** Whether the text may stand in a search list: a domain, or `.` for the root. */
export function isSearchDomain(text: string): boolean {
  return text === "." || parseHost(text).kind === "name";
}

/** Quotes untrusted text for a sentence: one line, and not longer than a line. */
export function quote(text: string): string {
  const isLong = text.length > MAX_QUOTED_CHARACTERS;
  return JSON.stringify(isLong ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}…` : text);
}

/** Only names that need it go through the IDNA mapping: of `1.2.3` it would make `1.2.0.3`. */
function asciiName(name: string): string | undefined {
  if (/^\p{ASCII}*$/u.test(name)) return name.toLowerCase();
  if (name.length > MAX_NAME_CHARACTERS) return undefined;
  // What ends a URL's host would silently cut the name here.
  if (/[\s/?#\\%:@]/.test(name)) return undefined;
  const ascii = domainToASCII(name);
  return ascii === "" || parseAddress(ascii) !== undefined ? undefined : ascii;
}

function flawOf(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.length > MAX_NAME_CHARACTERS) {
    return `it has ${name.length} characters, at most ${MAX_NAME_CHARACTERS} are allowed`;
  }
  const labels = name.split(".");
  if (labels.includes("")) return "it has an empty label between two dots or at its start";
  if (labels.some((label) => label.length > MAX_LABEL_CHARACTERS)) {
    return `a label has more than ${MAX_LABEL_CHARACTERS} characters`;
  }
  const stray = /[^a-z0-9_.-]/.exec(name)?.[0];
  if (stray !== undefined) return `${quote(stray)} is not allowed in it`;
  if (name.startsWith("-")) return "it starts with a hyphen";
  if (labels.length > 1 && /^\d+$/.test(labels.at(-1) ?? "")) {
    return "it ends in a number like an IPv4 address, but is none";
  }
  return undefined;
}
