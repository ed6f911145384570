import { FLAG, HEADER_BYTES, type Message } from "./message.ts";
import { WireReader } from "./wire-reader.ts";

/** A question on its way, and what an answer to it is known by. */
export type Query = {
  readonly id: number;
  /** Name in lower case. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly bytes: Buffer;
};

/**
 * The message that asks one question. It announces no larger answers (EDNS), as blackbox_exporter, so that answers
 * over UDP have 512 bytes at most.
 *
 * @param question.name As on the wire, uncompressed and complete.
 * @see RFC 1035 section 4.1
 */
export function encodeQuery(question: {
  readonly id: number;
  readonly isRecursionDesired: boolean;
  readonly name: Buffer;
  readonly type: number;
  readonly class: number;
}): Query {
  const { id, name } = question;
  const bytes = Buffer.alloc(HEADER_BYTES + name.length + 4);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt16BE(question.isRecursionDesired ? FLAG.recursionDesired : 0, 2);
  bytes.writeUInt16BE(1, 4);
  name.copy(bytes, HEADER_BYTES);
  bytes.writeUInt16BE(question.type, HEADER_BYTES + name.length);
  bytes.writeUInt16BE(question.class, HEADER_BYTES + name.length + 2);
  const text = new WireReader(name).mustName().toLowerCase();
  return { id, name: text, type: question.type, class: question.class, bytes };
}

/**
 * Why a message is no answer to a query; undefined for one that is.
 *
 * An answer without a question is one: a server that could not read the query, or did not want to, has none to repeat.
 *
 * @see RFC 5452 section 9.1 (what has to match)
 */
export function mismatch(message: Message, query: Query): string | undefined {
  if (message.id !== query.id) return `its id is ${message.id}, not that of the question`;
  if (!message.isResponse) return "it is a question and no answer";
  const isOther = message.questions.some(
    ({ name, type, class: classNumber }) =>
      name.toLowerCase() !== query.name || type !== query.type || classNumber !== query.class,
  );
  return isOther || message.questions.length > 1 ? "it answers another question" : undefined;
}
