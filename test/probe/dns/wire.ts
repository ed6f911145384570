/** Messages put together by hand, so that no test reads what the code under test has written. */
export type Part = Buffer | readonly Part[];

export function bytes(...parts: readonly Part[]): Buffer {
  return Buffer.concat(parts.map((part) => (Buffer.isBuffer(part) ? part : bytes(...part))));
}

export const u8 = (value: number): Buffer => Buffer.from([value]);

export function u16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value);
  return buffer;
}

export function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

/** Hexadecimal; white space is for the reader. */
export const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ""), "hex");

/** A label of bytes as they are. */
export function label(value: string | Buffer): Buffer {
  const buffer = Buffer.from(value);
  return bytes(u8(buffer.length), buffer);
}

/** A name without anything to escape; "" is the root. */
export function name(text: string): Buffer {
  return bytes(text === "" ? [] : text.split(".").map(label), u8(0));
}

/** A pointer of name compression. */
export const pointer = (at: number): Buffer => u16(0xc000 | at);

/** A character string. */
export const string = label;

export type WireRecord = {
  readonly owner?: Buffer;
  readonly type: number;
  readonly class?: number;
  readonly ttlSeconds?: number;
  readonly data: Part;
  /** Said instead of the true length of the data. */
  readonly dataBytes?: number;
};

export function record(parts: WireRecord): Buffer {
  const data = bytes(parts.data);
  return bytes(
    parts.owner ?? name("example.net"),
    u16(parts.type),
    u16(parts.class ?? 1),
    u32(parts.ttlSeconds ?? 3600),
    u16(parts.dataBytes ?? data.length),
    data,
  );
}

export const question = (text: string, type: number, classNumber = 1): Buffer =>
  bytes(name(text), u16(type), u16(classNumber));

/** Response, recursion desired and available. */
export const ANSWER_FLAGS = 0x8180;

export type WireMessage = {
  readonly id?: number;
  readonly flags?: number;
  readonly questions?: readonly Buffer[];
  readonly answer?: readonly Buffer[];
  readonly authority?: readonly Buffer[];
  readonly additional?: readonly Buffer[];
  /** Said instead of the true counts of the four sections. */
  readonly counts?: readonly [number, number, number, number];
};

export function message(parts: WireMessage): Buffer {
  const { questions = [], answer = [], authority = [], additional = [] } = parts;
  const sections = [questions, answer, authority, additional];
  const counts = parts.counts ?? sections.map(({ length }) => length);
  return bytes(
    u16(parts.id ?? 0x1234),
    u16(parts.flags ?? ANSWER_FLAGS),
    counts.map(u16),
    sections.flat(),
  );
}

/** Flags, id and question of a query, and an answer to it with these changes. */
export function answerTo(query: Buffer, parts: WireMessage = {}): Buffer {
  return message({ id: query.readUInt16BE(0), questions: [query.subarray(12)], ...parts });
}
