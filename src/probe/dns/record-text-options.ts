import { addressText, isIpv4Mapped } from "../../runtime/address.ts";
import { EXTENDED_ERRORS } from "./extended-errors.ts";
import { type Field, type RecordHeader } from "./record-fields.ts";
import { ALGORITHMS } from "./record-text-keys.ts";
import { MalformedMessageError, WireReader } from "./wire-reader.ts";

const DNSSEC_OK = 0x8000;
const COMPACT_ANSWERS_OK = 0x4000;
const OTHER_FLAGS = 0x3fff;

/** @see https://www.iana.org/assignments/ds-rr-types, as miekg/dns numbers them */
const DIGESTS: ReadonlyMap<number, string> = new Map([
  [1, "SHA1"],
  [2, "SHA256"],
  [3, "GOST94"],
  [4, "SHA384"],
  [5, "SHA512"],
]);

type Option = {
  readonly title: string;
  /** @throws MalformedMessageError for bytes that the option cannot have. */
  readonly value: (bytes: Buffer) => string;
};

/** Options of EDNS by code. @see https://www.iana.org/assignments/dns-parameters */
const OPTIONS: ReadonlyMap<number, Option> = new Map([
  [1, { title: "LONG LIVED QUERIES", value: longLivedQuery }],
  [2, { title: "UPDATE LEASE", value: updateLease }],
  [3, { title: "NSID", value: nameServerId }],
  [4, { title: "ESU", value: utf8 }],
  [5, { title: "DNSSEC ALGORITHM UNDERSTOOD", value: (bytes) => numbers(bytes, ALGORITHMS) }],
  [6, { title: "DS HASH UNDERSTOOD", value: (bytes) => numbers(bytes, DIGESTS) }],
  [7, { title: "NSEC3 HASH UNDERSTOOD", value: (bytes) => numbers(bytes, DIGESTS) }],
  [8, { title: "SUBNET", value: subnet }],
  [9, { title: "EXPIRE", value: expire }],
  [10, { title: "COOKIE", value: (bytes) => bytes.toString("hex") }],
  [11, { title: "KEEPALIVE", value: keepAlive }],
  [12, { title: "PADDING", value: (bytes) => bytes.toString("hex").toUpperCase() }],
  [15, { title: "EDE", value: extendedError }],
  [18, { title: "REPORT-CHANNEL", value: (bytes) => new WireReader(bytes).mustName() }],
  [19, { title: "ZONEVERSION", value: zoneVersion }],
]);

/** OPT, which is a comment in zone files. @see RFC 6891 section 6.1 */
export const options: Field = (reader, header) => {
  let text = `\n;; OPT PSEUDOSECTION:\n; EDNS: version ${(header.ttlSeconds >>> 16) & 0xff}; `;
  text += flagsText(header);
  text += `udp: ${header.class}`;
  while (!reader.isAtEnd) {
    const code = reader.must16();
    const bytes = reader.exactly(reader.must16());
    const option = OPTIONS.get(code);
    text +=
      option === undefined
        ? `\n; LOCAL OPT: ${code}:0x${bytes.toString("hex")}`
        : `\n; ${option.title}: ${option.value(bytes)}`;
  }
  return [text];
};

function flagsText({ ttlSeconds: flags }: RecordHeader): string {
  const dnssec = (flags & DNSSEC_OK) === 0 ? "" : " do";
  const compact = (flags & COMPACT_ANSWERS_OK) === 0 ? "" : " co";
  const others = flags & OTHER_FLAGS;
  const rest = others === 0 ? "" : `MBZ: 0x${others.toString(16).padStart(4, "0")}, `;
  return `flags:${dnssec}${compact}; ${rest}`;
}

function atLeast(bytes: Buffer, count: number, title: string): void {
  if (bytes.length < count) throw new MalformedMessageError(`an option ${title} is cut off`);
}

function utf8(bytes: Buffer): string {
  return bytes.toString("utf8");
}

function longLivedQuery(bytes: Buffer): string {
  atLeast(bytes, 18, "LLQ");
  const start = [0, 2, 4].map((at) => bytes.readUInt16BE(at));
  return [...start, bytes.readBigUInt64BE(6), bytes.readUInt32BE(14)].join(" ");
}

function updateLease(bytes: Buffer): string {
  if (bytes.length !== 4 && bytes.length !== 8) {
    throw new MalformedMessageError("an option UL has another length than 4 or 8");
  }
  return `${bytes.readUInt32BE(0)} ${bytes.length === 4 ? 0 : bytes.readUInt32BE(4)}`;
}

/** In hexadecimal, and its characters. @see RFC 5001 section 2.3 */
function nameServerId(bytes: Buffer): string {
  const characters = bytes.toString("latin1").replace(/./gs, "($&)");
  return `${bytes.toString("hex")}  ${characters}`;
}

function numbers(bytes: Buffer, names: ReadonlyMap<number, string>): string {
  return [...bytes].map((number) => ` ${names.get(number) ?? number}`).join("");
}

/** @see RFC 7871 section 6 */
function subnet(bytes: Buffer): string {
  atLeast(bytes, 4, "SUBNET");
  const family = bytes.readUInt16BE(0);
  const [sourceBits = 0, scopeBits = 0] = bytes.subarray(2, 4);
  const size = family === 2 ? 16 : 4;
  const isFamily = family === 0 ? sourceBits === 0 : family === 1 || family === 2;
  const isMask = family === 0 || (sourceBits <= size * 8 && scopeBits <= size * 8);
  if (!isFamily || !isMask) {
    throw new MalformedMessageError("an option SUBNET has a network that is none");
  }
  const address = Buffer.alloc(size);
  if (family !== 0) bytes.copy(address, 0, 4, 4 + size);
  return `${subnetAddress(address)}/${sourceBits}/${scopeBits}`;
}

function subnetAddress(address: Buffer): string {
  if (address.length === 4) return addressText(address);
  return isIpv4Mapped(address) ? addressText(address.subarray(12)) : `[${addressText(address)}]`;
}

/** @see RFC 7314 section 2 */
function expire(bytes: Buffer): string {
  if (bytes.length === 0) return "";
  atLeast(bytes, 4, "EXPIRE");
  return String(bytes.readUInt32BE(0));
}

/** @see RFC 7828 section 3.1; miekg/dns multiplies in 16 bits */
function keepAlive(bytes: Buffer): string {
  if (bytes.length !== 0 && bytes.length !== 2) {
    throw new MalformedMessageError("an option KEEPALIVE has another length than 0 or 2");
  }
  const timeout = bytes.length === 0 ? 0 : bytes.readUInt16BE(0);
  if (timeout === 0) return "use tcp keep-alive, timeout omitted";
  return `use tcp keep-alive, timeout ${(timeout * 100) & 0xffff}ms`;
}

/** @see RFC 8914 section 2 */
function extendedError(bytes: Buffer): string {
  atLeast(bytes, 2, "EDE");
  const code = bytes.readUInt16BE(0);
  const name = EXTENDED_ERRORS[code];
  return `${code}${name === undefined ? "" : ` (${name})`}: (${utf8(bytes.subarray(2))})`;
}

/** @see RFC 9660 section 2 */
function zoneVersion(bytes: Buffer): string {
  atLeast(bytes, 2, "ZONEVERSION");
  return utf8(bytes.subarray(2));
}
