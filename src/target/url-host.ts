import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { badEscape, shown, unescaped } from "./url-escapes.ts";

/** User, host and port of a URL; names and escapes as they are written. */
export type UrlAuthority = {
  readonly username: string;
  readonly password: string;
  /** As in a Host header: with the port where one is written, without the zone of an address. */
  readonly host: string;
  /** Without the port; an IPv6 address in brackets, with its zone. */
  readonly hostname: string;
  /** Digits, of any value; empty where none is written. */
  readonly port: string;
};

export type ReadAuthority =
  | { readonly kind: "authority"; readonly authority: UrlAuthority }
  | { readonly kind: "malformed"; readonly problem: string };

const USERINFO = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;
/** RFC 3986 section 3.2.2, with the three characters more that Go takes; other bytes also escaped. */
const NAME = /^(?:[A-Za-z0-9\-_.~!$&'()*+,;=<>"\x80-\xff]|%[89A-Fa-f][0-9A-Fa-f])*$/;
const ZONE = /^[A-Za-z0-9\-_.~]+$/;
const PORT = /^(?::(\d*))?$/;

/** Reads what stands between `//` and the path. @param text A byte a character. */
export function readAuthority(text: string): ReadAuthority {
  const at = text.lastIndexOf("@");
  const userinfo = text.slice(0, Math.max(0, at));
  const place = text.slice(at + 1);
  const bad = badEscape(userinfo);
  if (!USERINFO.test(userinfo)) {
    return malformed("a character of its user or password must be percent-encoded");
  }
  if (bad !== undefined) return malformed(`${shown(bad)} is no escape: write % as %25`);
  const colonAt = userinfo.indexOf(":");
  const username = colonAt < 0 ? userinfo : userinfo.slice(0, colonAt);
  const password = colonAt < 0 ? "" : userinfo.slice(colonAt + 1);
  const read = place.startsWith("[") ? readBracketed(place) : readName(place);
  if (typeof read === "string") return malformed(read);
  return { kind: "authority", authority: { username, password, ...read } };
}

type Place = Pick<UrlAuthority, "host" | "hostname" | "port">;

/** @returns what is wrong, if anything is. @see RFC 6874 (zones). */
function readBracketed(text: string): Place | string {
  const endAt = text.lastIndexOf("]");
  if (endAt < 0) return "the bracket of its address is not closed";
  const port = portOf(text.slice(endAt + 1));
  if (port === undefined) return "what follows the bracket of its address is no port";
  const inside = text.slice(1, endAt);
  const zoneAt = inside.indexOf("%25");
  const address = zoneAt < 0 ? inside : inside.slice(0, zoneAt);
  if (address.includes("%") || isIP(address) !== 6) {
    return `${shown(address)} is no IPv6 address: only those stand in brackets`;
  }
  const host = `[${address}]${text.slice(endAt + 1)}`;
  if (zoneAt < 0) return { host, hostname: `[${address}]`, port };
  const zone = inside.slice(zoneAt + "%25".length);
  if (!ZONE.test(zone)) return `${shown(zone)} is no zone of an address`;
  return { host, hostname: `[${address}%${zone}]`, port };
}

function readName(text: string): Place | string {
  const colonAt = text.lastIndexOf(":");
  const written = colonAt < 0 ? text : text.slice(0, colonAt);
  if (written.includes(":")) {
    return "its host has a colon: write an IPv6 address in brackets, as [2001:db8::1]";
  }
  const port = portOf(text.slice(written.length));
  if (port === undefined) return `${shown(text.slice(colonAt + 1))} is no port: write a number`;
  if (!NAME.test(written)) return `${shown(written)} is no host`;
  const hostname = asciiName(written);
  if (hostname === undefined) return `${shown(written)} is not a valid international name`;
  return { host: `${hostname}${text.slice(written.length)}`, hostname, port };
}

/** The port behind a host, `:443`; undefined for what is none. */
function portOf(text: string): string | undefined {
  const found = PORT.exec(text);
  return found === null ? undefined : (found[1] ?? "");
}

/** A name of other than ASCII's characters as resolvers and servers know it (RFC 5891). Go would look it up as it is. */
function asciiName(written: string): string | undefined {
  const bytes = unescaped(written);
  if (!/[\x80-\xff]/.test(bytes)) return bytes;
  const ascii = domainToASCII(Buffer.from(bytes, "latin1").toString("utf8"));
  // Digits of other scripts must not become an address that nobody wrote.
  return ascii === "" || isIP(ascii) !== 0 ? undefined : ascii;
}

function malformed(problem: string): ReadAuthority {
  return { kind: "malformed", problem };
}
