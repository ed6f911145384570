import { labelText, stringText } from "./presentation.ts";

/** A message of a peer that is not what RFC 1035 says. The sentence goes into the probe's detail. */
export class MalformedMessageError extends Error {
  override readonly name = "MalformedMessageError";
}

/** @see RFC 1035 section 2.3.4: with the length bytes and the root's. */
const MAX_NAME_BYTES = 255;
/** More cannot be in a name of 255 bytes without going round in circles; miekg/dns has the same limit. */
const MAX_POINTERS = 126;
/**
 * Characters of names, and pointers followed, in one message. Compression lets two bytes stand for a thousand
 * characters, so that 64 KiB could become 32 MB of text; the largest honest message stays far below this.
 */
const MAX_NAME_WORK = 2 ** 20;

/**
 * Reads one message from front to back, within a window that is the message or the data of one record.
 *
 * The reads of a record's data give 0 or nothing where the data has ended before the field: as miekg/dns, which
 * lets a record end after any whole field. A field that is there in part is malformed.
 *
 * @see RFC 1035 section 4.1
 */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  #endAt: number;
  #nameWorkLeft = MAX_NAME_WORK;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#endAt = bytes.length;
  }

  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#endAt;
  }

  /** Goes to a place; what is before it stays in reach of compression pointers, what is after `endAt` does not. */
  setWindow(at: number, endAt: number): void {
    if (endAt > this.#bytes.length) {
      throw new MalformedMessageError("a record is longer than the message");
    }
    this.#at = at;
    this.#endAt = endAt;
  }

  /** All of what is left of the message again. */
  widen(): void {
    this.#endAt = this.#bytes.length;
  }

  number8(): number {
    return this.isAtEnd ? 0 : this.must8();
  }

  number16(): number {
    return this.isAtEnd ? 0 : this.must16();
  }

  number32(): number {
    return this.isAtEnd ? 0 : this.must32();
  }

  must8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  must16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  must32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  /** So many bytes, no fewer. */
  exactly(count: number): Buffer {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** So many bytes, or none where nothing is left. */
  exactlyOrNone(count: number): Buffer {
    return this.isAtEnd ? Buffer.alloc(0) : this.exactly(count);
  }

  rest(): Buffer {
    return this.exactly(this.#endAt - this.#at);
  }

  /** The bytes of one character string. */
  stringBytes(): Buffer {
    return this.isAtEnd ? Buffer.alloc(0) : this.exactly(this.must8());
  }

  /** One character string as in a zone file, without quotes. */
  string(): string {
    return stringText(this.stringBytes());
  }

  name(): string {
    return this.isAtEnd ? "" : this.mustName();
  }

  /**
   * A name with the dot of the root, as in a zone file. Pointers may lead anywhere within the window, but only so often.
   *
   * @see RFC 1035 section 4.1.4
   */
  mustName(): string {
    let text = "";
    let bytesLeft = MAX_NAME_BYTES;
    let pointers = 0;
    let at = this.#at;
    for (;;) {
      const length = this.#byteAt(at);
      at += 1;
      if (length === 0) break;
      if (length < 0x40) {
        bytesLeft -= length + 1;
        if (bytesLeft <= 0) throw new MalformedMessageError("a name is longer than 255 bytes");
        if (at + length > this.#endAt) throw new MalformedMessageError("a name is cut off");
        text += `${labelText(this.#bytes.subarray(at, at + length))}.`;
        at += length;
        this.#work(length);
      } else if (length >= 0xc0) {
        const to = ((length & 0x3f) << 8) | this.#byteAt(at);
        if (pointers === 0) this.#at = at + 1;
        pointers += 1;
        if (pointers > MAX_POINTERS) {
          throw new MalformedMessageError("the compression pointers of a name do not end");
        }
        this.#work(1);
        at = to;
      } else {
        throw new MalformedMessageError("a label has a type that is not in use");
      }
    }
    if (pointers === 0) this.#at = at;
    return text === "" ? "." : text;
  }

  #byteAt(at: number): number {
    const byte = at < this.#endAt ? this.#bytes[at] : undefined;
    if (byte === undefined) throw new MalformedMessageError("a name is cut off");
    return byte;
  }

  #work(amount: number): void {
    this.#nameWorkLeft -= amount;
    if (this.#nameWorkLeft < 0) {
      throw new MalformedMessageError("its compressed names stand for too much text");
    }
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#endAt) throw new MalformedMessageError("a field is cut off");
    this.#at = at + count;
    return at;
  }
}
