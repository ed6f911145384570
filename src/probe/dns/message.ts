import { typeName } from "./dns-numbers.ts";
import type { RecordHeader } from "./record-fields.ts";
import { dataText, TYPE } from "./record-text.ts";
import { MalformedMessageError, WireReader } from "./wire-reader.ts";

/** @see RFC 1035 section 4.1.1 */
export const HEADER_BYTES = 12;
export const FLAG = { response: 0x8000, recursionDesired: 0x0100, truncated: 0x0200 } as const;
const RESPONSE_CODE_MASK = 0xf;

export type WireQuestion = {
  /** As in a zone file. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
};

export type ResourceRecord = RecordHeader & {
  /** The data as in a zone file; how miekg/dns writes each type. */
  readonly data: string;
  /** Of a record SOA; 0 where its data ends before. */
  readonly soaSerial: number | undefined;
};

export type Message = {
  readonly id: number;
  readonly isResponse: boolean;
  readonly isTruncated: boolean;
  /** 0 to 4095, with the upper bits of an OPT record. */
  readonly responseCode: number;
  readonly questions: readonly WireQuestion[];
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
};

/**
 * Reads a whole message, as tolerantly as miekg/dns and no more so: the counts of records may promise more than there
 * is, as long as the message ends with a whole record; bytes after the last record are left alone. A header alone is a
 * message too, some servers refuse with it.
 *
 * @throws MalformedMessageError for anything else. It takes time in proportion to the bytes.
 * @see RFC 1035 section 4.1; RFC 6891 section 6.1.3 (upper bits of the response code)
 */
export function readMessage(bytes: Buffer): Message {
  if (bytes.length < HEADER_BYTES) {
    throw new MalformedMessageError(`it has ${bytes.length} bytes, less than a header`);
  }
  const reader = new WireReader(bytes);
  const id = reader.must16();
  const flags = reader.must16();
  const counts = [reader.must16(), reader.must16(), reader.must16(), reader.must16()];
  const [questionCount = 0, answerCount = 0, authorityCount = 0, additionalCount = 0] = counts;
  const questions: WireQuestion[] = [];
  if (!reader.isAtEnd) {
    for (let count = 0; count < questionCount; count += 1) questions.push(readQuestion(reader));
  }
  const answer = readRecords(reader, answerCount);
  const authority = readRecords(reader, authorityCount);
  const additional = readRecords(reader, additionalCount);
  if (additional.at(-1)?.type === TYPE.tsig) {
    throw new MalformedMessageError("it is signed (TSIG) although nobody asked for that");
  }
  const opt = additional.findLast(({ type }) => type === TYPE.opt);
  return {
    id,
    isResponse: (flags & FLAG.response) !== 0,
    isTruncated: (flags & FLAG.truncated) !== 0,
    responseCode: (flags & RESPONSE_CODE_MASK) | (((opt?.ttlSeconds ?? 0) >>> 24) << 4),
    questions,
    answer,
    authority,
    additional,
  };
}

function readQuestion(reader: WireReader): WireQuestion {
  return { name: reader.mustName(), type: reader.number16(), class: reader.number16() };
}

function readRecords(reader: WireReader, count: number): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  while (records.length < count && !reader.isAtEnd) records.push(readRecord(reader));
  return records;
}

function readRecord(reader: WireReader): ResourceRecord {
  const header: RecordHeader = {
    name: reader.mustName(),
    type: reader.must16(),
    class: reader.must16(),
    ttlSeconds: reader.must32(),
  };
  const dataBytes = reader.must16();
  const dataAt = reader.at;
  reader.setWindow(dataAt, dataAt + dataBytes);
  const data = dataText(header, reader);
  if (!reader.isAtEnd) {
    throw new MalformedMessageError(`a record ${typeName(header.type)} is longer than its data`);
  }
  let soaSerial: number | undefined;
  if (header.type === TYPE.soa) {
    reader.setWindow(dataAt, dataAt + dataBytes);
    reader.name();
    reader.name();
    soaSerial = reader.number32();
  }
  reader.setWindow(dataAt + dataBytes, dataAt + dataBytes);
  reader.widen();
  return { ...header, data, soaSerial };
}
