import { domainToASCII } from "node:url";
import { type Cidr, isInCidr } from "../../policy/cidr.ts";
import { addressBytes, isIpv4Mapped } from "../../runtime/address.ts";

/** Longest list looked at, in characters, and lists kept ready. */
export const MAX_NO_PROXY_CHARACTERS = 64 * 1024;
const MAX_KEPT = 256;

/** One entry of the list. */
type Entry =
  | { readonly kind: "block"; readonly block: Cidr }
  | { readonly kind: "address"; readonly bytes: Uint8Array; readonly port: string }
  /** `suffix` begins with its dot; the name without the dot is meant too unless only what is below it is. */
  | {
      readonly kind: "domain";
      readonly suffix: string;
      readonly isItselfMeant: boolean;
      readonly port: string;
    };

type List =
  | { readonly kind: "everything" }
  | { readonly kind: "entries"; readonly entries: readonly Entry[] };

const kept = new Map<string, List>();

/**
 * Whether a list of `no_proxy` or NO_PROXY takes a place out of what is asked of the proxy, by the rules of Go's
 * httpproxy: names (with what is below them; only that with `.` or `*.` before), addresses, blocks, each of the
 * first two with a port if one is written, and `*` for everything. Entries that are none of these match nothing.
 * `localhost` and loopback addresses are never asked of a proxy.
 *
 * @param host As `URL.hostname` has it, or an address without brackets. Of a name no address is looked up.
 */
export function isWithoutProxy(list: string, host: string, port: number): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  if (name === "localhost") return true;
  const bytes = plainBytes(name);
  if (bytes !== undefined && isLoopback(bytes)) return true;
  const parsed = listOf(list);
  if (parsed.kind === "everything") return true;
  const portText = String(port);
  return parsed.entries.some((entry) => {
    switch (entry.kind) {
      case "block":
        return bytes !== undefined && isInCidr(bytes, entry.block);
      case "address":
        return (
          bytes !== undefined &&
          Buffer.compare(bytes, entry.bytes) === 0 &&
          isPort(entry.port, portText)
        );
      case "domain":
        return (
          bytes === undefined &&
          (name.endsWith(entry.suffix) ||
            (entry.isItselfMeant && name === entry.suffix.slice(1))) &&
          isPort(entry.port, portText)
        );
    }
  });
}

function isPort(wanted: string, port: string): boolean {
  return wanted === "" || wanted === port;
}

/** The bytes of an address, an IPv4 address in IPv6 form as the IPv4 address that it is. */
function plainBytes(text: string): Uint8Array | undefined {
  const bytes = addressBytes(text);
  return bytes !== undefined && isIpv4Mapped(bytes) ? bytes.subarray(12) : bytes;
}

function isLoopback(bytes: Uint8Array): boolean {
  if (bytes.length === 4) return bytes[0] === 127;
  return bytes.every((byte, at) => byte === (at === 15 ? 1 : 0));
}

function listOf(text: string): List {
  const found = kept.get(text);
  if (found !== undefined) return found;
  const parsed = parseList(text.slice(0, MAX_NO_PROXY_CHARACTERS));
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(text, parsed);
  return parsed;
}

function parseList(text: string): List {
  const entries: Entry[] = [];
  for (const part of text.split(",")) {
    const written = part.trim().toLowerCase();
    if (written === "") continue;
    if (written === "*") return { kind: "everything" };
    const entry = parseEntry(written);
    if (entry !== undefined) entries.push(entry);
  }
  return { kind: "entries", entries };
}

function parseEntry(written: string): Entry | undefined {
  const block = blockOf(written);
  if (block !== undefined) return { kind: "block", block };
  const { host, port } = splitPort(written);
  const bytes = plainBytes(host);
  if (bytes !== undefined && !host.includes("%")) return { kind: "address", bytes, port };
  const name = host.startsWith("*.") ? host.slice(1) : host;
  if (name === "" || name === ".") return undefined;
  const isItselfMeant = !name.startsWith(".");
  return {
    kind: "domain",
    suffix: asciiName(isItselfMeant ? `.${name}` : name),
    isItselfMeant,
    port,
  };
}

/** A block; bits after its prefix may be set here, unlike in our own lists. */
function blockOf(written: string): Cidr | undefined {
  const [address = "", prefix] = written.split("/");
  const bytes = addressBytes(address);
  if (bytes === undefined || prefix === undefined || !/^\d{1,3}$/.test(prefix)) return undefined;
  const prefixBits = Number(prefix);
  if (prefixBits > bytes.length * 8 || written.split("/").length > 2) return undefined;
  const network = bytes.map((byte, at) => {
    const bits = Math.min(8, Math.max(0, prefixBits - at * 8));
    return byte & ((0xff << (8 - bits)) & 0xff);
  });
  return { family: bytes.length === 4 ? "ipv4" : "ipv6", network, prefixBits };
}

/** As Go splits them: an address of IPv6 has a port only behind brackets. */
function splitPort(written: string): { readonly host: string; readonly port: string } {
  const bracketed = /^\[([^\]]*)\]:([^:]*)$/.exec(written);
  if (bracketed !== null) return { host: bracketed[1] ?? "", port: bracketed[2] ?? "" };
  const plain = /^([^:[\]]*):([^:]*)$/.exec(written);
  if (plain !== null) return { host: plain[1] ?? "", port: plain[2] ?? "" };
  return { host: written, port: "" };
}

/** A name in other letters than ASCII's as it stands in a URL; one that cannot be written so is kept. */
function asciiName(name: string): string {
  const ascii = /^[\x21-\x7e]*$/.test(name) ? "" : domainToASCII(name.slice(1));
  return ascii === "" ? name : `.${ascii}`;
}
