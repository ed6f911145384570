import assert from "node:assert/strict";
import { test } from "node:test";
import { readMessage } from "../../../src/probe/dns/message.ts";
import { recordText } from "../../../src/probe/dns/record-text.ts";
import { bytes, hex, label, message, name, pointer, question, record, u16, u32 } from "./wire.ts";

const address = { type: 1, data: hex("c0000201") };
const opt = (ttlSeconds: number) =>
  record({ owner: name(""), type: 41, class: 512, ttlSeconds, data: [] });

test("readMessage() reads header, question and sections", () => {
  const read = readMessage(
    message({
      id: 0xabcd,
      flags: 0x8783,
      questions: [question("Example.NET", 1)],
      answer: [record(address), record({ type: 5, data: name("a.example") })],
      authority: [record({ type: 2, data: name("ns.example") })],
      additional: [record({ ...address, owner: name("ns.example") })],
    }),
  );
  assert.equal(read.id, 0xabcd);
  assert.equal(read.isResponse, true);
  assert.equal(read.isTruncated, true);
  assert.equal(read.responseCode, 3);
  assert.deepEqual(read.questions, [{ name: "Example.NET.", type: 1, class: 1 }]);
  assert.deepEqual(
    [read.answer, read.authority, read.additional].map((records) => records.map(recordText)),
    [
      ["example.net.\t3600\tIN\tA\t192.0.2.1", "example.net.\t3600\tIN\tCNAME\ta.example."],
      ["example.net.\t3600\tIN\tNS\tns.example."],
      ["ns.example.\t3600\tIN\tA\t192.0.2.1"],
    ],
  );
});

test("readMessage() puts the upper bits of OPT before the response code", () => {
  assert.equal(
    readMessage(message({ flags: 0x8180, additional: [opt(0x01000000)] })).responseCode,
    16,
  );
  assert.equal(
    readMessage(message({ flags: 0x818f, additional: [opt(0xff000000)] })).responseCode,
    4095,
  );
});

test("readMessage() gives the serial of a record SOA, and of no other", () => {
  const soa = [name("a"), name("b"), u32(2024010199), u32(1), u32(1), u32(1), u32(1)];
  const read = readMessage(message({ answer: [record({ type: 6, data: soa }), record(address)] }));
  assert.deepEqual(
    read.answer.map(({ soaSerial }) => soaSerial),
    [2024010199, undefined],
  );
});

test("readMessage() follows pointers into the question and into data before", () => {
  const read = readMessage(
    message({
      questions: [question("example.net", 15)],
      answer: [
        record({ owner: pointer(12), type: 15, data: [u16(10), label("mx"), pointer(12)] }),
        // The name of the exchange above: 12 bytes of header, 17 of question, 2 + 10 + 2 of the record.
        record({ owner: pointer(43), ...address }),
      ],
    }),
  );
  assert.deepEqual(read.answer.map(recordText), [
    "example.net.\t3600\tIN\tMX\t10 mx.example.net.",
    "mx.example.net.\t3600\tIN\tA\t192.0.2.1",
  ]);
});

const tolerated: readonly { name: string; bytes: Buffer; records: number }[] = [
  { name: "a header alone", bytes: message({ counts: [1, 0, 0, 0] }), records: 0 },
  {
    name: "counts that promise more records",
    bytes: message({ counts: [0, 9, 9, 9], answer: [record(address)] }),
    records: 1,
  },
  {
    name: "bytes behind the last record",
    bytes: bytes(message({ answer: [record(address)] }), hex("ffff")),
    records: 1,
  },
  {
    name: "a record that ends after one of its fields",
    bytes: message({ answer: [record({ type: 15, data: u16(1) })] }),
    records: 1,
  },
];

for (const { name: what, bytes: wire, records } of tolerated) {
  test(`readMessage() takes ${what}`, () => {
    assert.equal(readMessage(wire).answer.length, records);
  });
}
