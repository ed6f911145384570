import { addressText, isIpv4Mapped } from "../../runtime/address.ts";
import { typeName } from "./dns-numbers.ts";
import { octetsText, timeText } from "./presentation.ts";
import { MalformedMessageError, type WireReader } from "./wire-reader.ts";

/** What stands before the data of a record. */
export type RecordHeader = {
  /** As in a zone file. */
  readonly name: string;
  readonly type: number;
  /** Of a record OPT: the UDP size. */
  readonly class: number;
  /** Unsigned. Of a record OPT: upper response code, version and flags. */
  readonly ttlSeconds: number;
};

/** Reads one field of a record's data and gives its words as in a zone file. Without data left: those of zero. */
export type Field = (reader: WireReader, header: RecordHeader) => readonly string[];

export const number8: Field = (reader) => [String(reader.number8())];
export const number16: Field = (reader) => [String(reader.number16())];
export const number32: Field = (reader) => [String(reader.number32())];
export const name: Field = (reader) => [reader.name()];
/** A type of record, by name. */
export const type: Field = (reader) => [typeName(reader.number16())];
export const time: Field = (reader) => [timeText(reader.number32())];
/** A character string without quotes. */
export const bare: Field = (reader) => [reader.string()];
export const quoted: Field = (reader) => [`"${reader.string()}"`];
/** All that is left. */
export const octets: Field = (reader) => [octetsText(reader.rest())];
export const hex: Field = (reader) => [reader.rest().toString("hex")];
export const upperHex: Field = (reader) => [reader.rest().toString("hex").toUpperCase()];
export const base64: Field = (reader) => [reader.rest().toString("base64")];
/** Bytes that nobody writes in zone files. */
export const raw: Field = (reader) => [reader.rest().toString("utf8")];

export const strings: Field = (reader) => {
  const words: string[] = [];
  while (!reader.isAtEnd) words.push(`"${reader.string()}"`);
  return words;
};

export const ipv4: Field = (reader) => (reader.isAtEnd ? [] : [addressText(reader.exactly(4))]);

export const ipv6: Field = (reader) => (reader.isAtEnd ? [] : [ipv6Text(reader.exactly(16))]);

/** As RFC 5952, but an IPv4-mapped address has its last four bytes in decimal. */
export function ipv6Text(bytes: Buffer): string {
  return isIpv4Mapped(bytes) ? `::ffff:${addressText(bytes.subarray(12))}` : addressText(bytes);
}

/** An EUI-48 or EUI-64. @see RFC 7043 */
export const eui =
  (byteCount: number): Field =>
  (reader) => {
    const bytes = reader.isAtEnd ? Buffer.alloc(byteCount) : reader.exactly(byteCount);
    return [(bytes.toString("hex").match(/../g) ?? []).join("-")];
  };

/** 64 bits in four groups. @see RFC 6742 */
export const groups: Field = (reader) => {
  const bytes = reader.isAtEnd ? Buffer.alloc(8) : reader.exactly(8);
  return [(bytes.toString("hex").match(/..../g) ?? []).join(":")];
};

export const upperGroups: Field = (reader, header) =>
  groups(reader, header).map((word) => word.toUpperCase());

/** Types of which there are records, to the end of the data. @see RFC 4034 section 4.1.2 */
export const typeBitmap: Field = (reader) => {
  const names: string[] = [];
  let lastWindow = -1;
  while (!reader.isAtEnd) {
    const window = reader.must8();
    const length = reader.must8();
    if (window <= lastWindow || length === 0 || length > 32) {
      throw new MalformedMessageError("a bitmap of types has blocks that are not in order");
    }
    lastWindow = window;
    for (const [at, byte] of reader.exactly(length).entries()) {
      for (let bit = 0; bit < 8; bit += 1) {
        if ((byte & (0x80 >> bit)) !== 0) names.push(typeName(window * 256 + at * 8 + bit));
      }
    }
  }
  return names;
};
