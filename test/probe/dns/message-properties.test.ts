import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readMessage } from "../../../src/probe/dns/message.ts";
import { recordText } from "../../../src/probe/dns/record-text.ts";
import { MalformedMessageError } from "../../../src/probe/dns/wire-reader.ts";
import { LINE_CASES } from "./line-cases.ts";
import { RECORD_CASES } from "./record-cases.ts";
import { bytes, hex, message, question, record, string, u16 } from "./wire.ts";

const address = { type: 1, data: hex("c0000201") };

const wholeMessages = fc
  .record({
    questions: fc.array(fc.constant(question("example.net", 255)), { maxLength: 2 }),
    records: fc.array(fc.constantFrom(...RECORD_CASES, ...LINE_CASES), { maxLength: 8 }),
  })
  .map(({ questions, records }) =>
    message({
      questions,
      answer: records.filter((_, at) => at % 3 === 0).map(record),
      authority: records.filter((_, at) => at % 3 === 1).map(record),
      // The last record may not be a signature.
      additional: [...records.filter((_, at) => at % 3 === 2).map(record), record(address)],
    }),
  );

/** Reads it, and writes all its records. @returns whether it was a message. */
function isRead(wire: Buffer): boolean {
  try {
    const { answer, authority, additional } = readMessage(wire);
    for (const each of [...answer, ...authority, ...additional]) recordText(each);
    return true;
  } catch (error) {
    if (error instanceof MalformedMessageError) return false;
    throw error;
  }
}

test("readMessage() reads every message put together from good records", () => {
  fc.assert(fc.property(wholeMessages, (wire) => assert.ok(isRead(wire))));
});

test("readMessage() throws nothing but its own error for changed messages", () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(wholeMessages, changes, fc.nat(), (wire, changed, cut) => {
      const copy = Buffer.from(wire);
      for (const [at, byte] of changed) copy[at % copy.length] = byte;
      isRead(copy);
      isRead(copy.subarray(0, cut % (copy.length + 1)));
    }),
    { numRuns: 1000 },
  );
});

test("readMessage() throws nothing but its own error for any bytes", () => {
  const header = fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4), fc.nat(4));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), header, (body, counts) => {
      isRead(Buffer.from(body));
      isRead(bytes(hex("1234 8180"), counts.map(u16), Buffer.from(body)));
    }),
    { numRuns: 1000 },
  );
});

test("readMessage() reads any data of any type, or says that it is malformed", () => {
  const types = [...RECORD_CASES, ...LINE_CASES].map(({ type }) => type);
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 300 }), (type, data) => {
      isRead(message({ answer: [record({ type, data: Buffer.from(data) })] }));
    }),
    { numRuns: 2000 },
  );
});

test("recordText() of any TXT says every byte of it", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 255 }), (data) => {
      const wire = message({ answer: [record({ type: 16, data: string(Buffer.from(data)) })] });
      const [read] = readMessage(wire).answer;
      const quoted = (read?.data ?? "").slice(1, -1);
      const back = quoted.replace(/\\(\d{3})|\\(.)/g, (_, decimal?: string, character = "") =>
        decimal === undefined ? character : String.fromCharCode(Number(decimal)),
      );
      assert.deepEqual([...Buffer.from(back, "latin1")], [...data]);
    }),
  );
});
