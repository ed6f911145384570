import { decodeHuffman } from "./hpack-huffman.ts";

export type HeaderField = readonly [name: string, value: string];

/** RFC 7541 appendix A; index 1 is the first. */
const STATIC_TABLE: readonly HeaderField[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  ...["200", "204", "206", "304", "400", "404", "500"].map(
    (status): HeaderField => [":status", status],
  ),
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ...(
    "accept-language accept-ranges accept access-control-allow-origin age allow authorization " +
    "cache-control content-disposition content-encoding content-language content-length " +
    "content-location content-range content-type cookie date etag expect expires from host " +
    "if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link " +
    "location max-forwards proxy-authenticate proxy-authorization range referer refresh " +
    "retry-after server set-cookie strict-transport-security transfer-encoding user-agent vary " +
    "via www-authenticate"
  )
    .split(" ")
    .map((name): HeaderField => [name, ""]),
];

/** The default of SETTINGS_HEADER_TABLE_SIZE, which we leave as it is. */
const TABLE_BYTES = 4096;
/** What an entry counts beyond its text. @see RFC 7541 section 4.1 */
const ENTRY_OVERHEAD_BYTES = 32;
/** A number that needs more is none that anything here could be. */
const MAX_INTEGER = 2 ** 24;

/** The peer's header blocks make no sense; the connection's state is lost with them. */
export class HpackError extends Error {
  override readonly name = "HpackError";
  readonly code = "ERR_HPACK";
}

/** Decoder of the header blocks of one connection, in the order they come. @see RFC 7541 */
export class HpackDecoder {
  readonly #maxListBytes: number;
  /** Newest first. */
  readonly #dynamic: HeaderField[] = [];
  #dynamicBytes = 0;
  #limitBytes = TABLE_BYTES;

  /** @param options.maxListBytes Most that one decoded block may count, by RFC 7541 section 4.1. */
  constructor(options: { readonly maxListBytes: number }) {
    this.#maxListBytes = options.maxListBytes;
  }

  /** @throws HpackError */
  decode(block: Uint8Array): HeaderField[] {
    const reader = new BlockReader(block);
    const fields: HeaderField[] = [];
    let listBytes = 0;
    while (!reader.isAtEnd) {
      const field = this.#next(reader, fields.length === 0);
      if (field === undefined) continue;
      listBytes += sizeOf(field);
      if (listBytes > this.#maxListBytes) throw new HpackError("a header too large");
      fields.push(field);
    }
    return fields;
  }

  /** One representation of RFC 7541 section 6; undefined for a change of the table's size. */
  #next(reader: BlockReader, isFirst: boolean): HeaderField | undefined {
    const first = reader.peek();
    if ((first & 0x80) !== 0) return this.#at(reader.integer(7));
    if ((first & 0x40) !== 0) {
      const field = this.#literal(reader, 6);
      this.#add(field);
      return field;
    }
    if ((first & 0x20) !== 0) {
      const limitBytes = reader.integer(5);
      if (!isFirst || limitBytes > TABLE_BYTES) throw new HpackError("a table size out of place");
      this.#limitBytes = limitBytes;
      this.#evict(0);
      return undefined;
    }
    return this.#literal(reader, 4);
  }

  #literal(reader: BlockReader, prefixBits: number): HeaderField {
    const index = reader.integer(prefixBits);
    const name = index === 0 ? reader.string() : this.#at(index)[0];
    return [name, reader.string()];
  }

  #at(index: number): HeaderField {
    const field =
      index <= STATIC_TABLE.length
        ? STATIC_TABLE[index - 1]
        : this.#dynamic[index - 1 - STATIC_TABLE.length];
    if (field === undefined) throw new HpackError(`index ${index} of no header`);
    return field;
  }

  /** RFC 7541 section 4.4: an entry larger than the table empties it. */
  #add(field: HeaderField): void {
    this.#evict(sizeOf(field));
    if (sizeOf(field) > this.#limitBytes) return;
    this.#dynamic.unshift(field);
    this.#dynamicBytes += sizeOf(field);
  }

  #evict(neededBytes: number): void {
    while (this.#dynamicBytes + neededBytes > this.#limitBytes) {
      const oldest = this.#dynamic.pop();
      if (oldest === undefined) return;
      this.#dynamicBytes -= sizeOf(oldest);
    }
  }
}

function sizeOf([name, value]: HeaderField): number {
  return name.length + value.length + ENTRY_OVERHEAD_BYTES;
}

class BlockReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new HpackError("a header block that is cut short");
    return byte;
  }

  /** RFC 7541 section 5.1 */
  integer(prefixBits: number): number {
    const max = 2 ** prefixBits - 1;
    let value = this.peek() & max;
    this.#at += 1;
    if (value < max) return value;
    for (let weight = 1; ; weight *= 128) {
      const byte = this.peek();
      this.#at += 1;
      value += (byte & 0x7f) * weight;
      if (value > MAX_INTEGER || weight > MAX_INTEGER) throw new HpackError("a number too large");
      if ((byte & 0x80) === 0) return value;
    }
  }

  /** RFC 7541 section 5.2 */
  string(): string {
    const isHuffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new HpackError("a header block that is cut short");
    this.#at += length;
    if (!isHuffman) return Buffer.from(bytes).toString("latin1");
    const text = decodeHuffman(bytes);
    if (text === undefined) throw new HpackError("a Huffman code that is none");
    return text;
  }
}

/**
 * A header block of literals that no table keeps (RFC 7541 section 6.2.2): one request needs no
 * compression, and needs no state for it.
 */
export function encodeHeaders(fields: readonly HeaderField[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.of(0), encodeString(name), encodeString(value)]),
  );
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([encodeInteger(bytes.length, 7), bytes]);
}

function encodeInteger(value: number, prefixBits: number): Buffer {
  const max = 2 ** prefixBits - 1;
  if (value < max) return Buffer.of(value);
  const bytes = [max];
  let rest = value - max;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.of(...bytes, rest);
}
