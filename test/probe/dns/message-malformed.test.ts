import assert from "node:assert/strict";
import { test } from "node:test";
import { readMessage } from "../../../src/probe/dns/message.ts";
import { MalformedMessageError } from "../../../src/probe/dns/wire-reader.ts";
import { bytes, hex, label, message, name, pointer, question, record, u8, u16 } from "./wire.ts";

const address = { type: 1, data: hex("c0000201") };

const nested = (levels: number): Buffer =>
  bytes(
    Array.from({ length: levels }, (_, at) => pointer(12 + 2 * (at + 1))),
    u8(0),
  );

const malformed: readonly { name: string; bytes: Buffer; why: RegExp }[] = [
  { name: "nothing", bytes: Buffer.alloc(0), why: /0 bytes, less than a header/ },
  {
    name: "half a header",
    bytes: message({}).subarray(0, 11),
    why: /11 bytes, less than a header/,
  },
  {
    name: "fewer questions than promised",
    bytes: message({ questions: [question("a", 1)], counts: [2, 0, 0, 0] }),
    why: /a name is cut off/,
  },
  {
    name: "a question that is cut off",
    bytes: message({ questions: [question("a", 1)] }).subarray(0, 16),
    why: /a field is cut off/,
  },
  {
    name: "a name that points to itself",
    bytes: message({ counts: [1, 0, 0, 0], questions: [pointer(12)] }),
    why: /pointers of a name do not end/,
  },
  {
    name: "two names that point to each other",
    bytes: message({ counts: [1, 0, 0, 0], questions: [bytes(pointer(14), pointer(12))] }),
    why: /pointers of a name do not end/,
  },
  {
    name: "a label before a pointer to itself",
    bytes: message({ counts: [1, 0, 0, 0], questions: [bytes(label("aa"), pointer(12))] }),
    why: /longer than 255 bytes/,
  },
  {
    name: "more pointers than a name can need",
    bytes: message({ counts: [1, 0, 0, 0], questions: [nested(127)] }),
    why: /pointers of a name do not end/,
  },
  {
    name: "a pointer out of the message",
    bytes: message({ counts: [1, 0, 0, 0], questions: [pointer(0x3fff)] }),
    why: /a name is cut off/,
  },
  {
    name: "half a pointer",
    bytes: message({ counts: [1, 0, 0, 0], questions: [hex("c0")] }),
    why: /a name is cut off/,
  },
  {
    name: "a label longer than the message",
    bytes: message({ counts: [1, 0, 0, 0], questions: [hex("3f 61")] }),
    why: /a name is cut off/,
  },
  {
    name: "a label of type 01",
    bytes: message({ counts: [1, 0, 0, 0], questions: [hex("40")] }),
    why: /type that is not in use/,
  },
  {
    name: "a label of type 10",
    bytes: message({ counts: [1, 0, 0, 0], questions: [hex("80")] }),
    why: /type that is not in use/,
  },
  {
    name: "a name of 256 bytes",
    bytes: message({
      counts: [1, 0, 0, 0],
      questions: [name(`${"x".repeat(63)}.`.repeat(3) + "x".repeat(62))],
    }),
    why: /longer than 255 bytes/,
  },
  {
    name: "data longer than the message",
    bytes: message({ answer: [record({ ...address, dataBytes: 5 })] }),
    why: /longer than the message/,
  },
  {
    name: "data longer than its fields",
    bytes: message({ answer: [record({ type: 1, data: hex("c000020100") })] }),
    why: /record A is longer than its data/,
  },
  {
    name: "an address of three bytes",
    bytes: message({ answer: [record({ type: 1, data: hex("c00002") })] }),
    why: /a field is cut off/,
  },
  {
    name: "an IPv6 address of four bytes",
    bytes: message({ answer: [record({ type: 28, data: hex("c0000201") })] }),
    why: /a field is cut off/,
  },
  {
    name: "data that ends before its name does",
    bytes: message({ answer: [record({ type: 2, data: label("ns") })] }),
    why: /a name is cut off/,
  },
  {
    name: "data that points behind itself",
    bytes: message({ answer: [record({ type: 2, data: pointer(40) }), record(address)] }),
    why: /a name is cut off/,
  },
  {
    name: "a character string longer than its data",
    bytes: message({ answer: [record({ type: 16, data: hex("05 6162") })] }),
    why: /a field is cut off/,
  },
  {
    name: "a record cut off in its header",
    bytes: message({ answer: [record(address)] }).subarray(0, 29),
    why: /a field is cut off/,
  },
  {
    name: "a bitmap of types out of order",
    bytes: message({ answer: [record({ type: 47, data: [name("a"), hex("0101ff 0001ff")] })] }),
    why: /blocks that are not in order/,
  },
  {
    name: "an empty block in a bitmap of types",
    bytes: message({ answer: [record({ type: 47, data: [name("a"), hex("0000")] })] }),
    why: /blocks that are not in order/,
  },
  {
    name: "a block of 33 bytes in a bitmap of types",
    bytes: message({
      answer: [record({ type: 47, data: [name("a"), hex("0021"), Buffer.alloc(33)] })],
    }),
    why: /blocks that are not in order/,
  },
  {
    name: "NSEC3 without a hash",
    bytes: message({ answer: [record({ type: 50, data: hex("01000000 01 aa") })] }),
    why: /a field is cut off/,
  },
  {
    name: "APL of another family",
    bytes: message({ answer: [record({ type: 42, data: hex("0003 08 01 0a") })] }),
    why: /a prefix that is none/,
  },
  {
    name: "APL with a prefix of 33 bits",
    bytes: message({ answer: [record({ type: 42, data: hex("0001 21 01 0a") })] }),
    why: /a prefix that is none/,
  },
  {
    name: "APL with zeros at its end",
    bytes: message({ answer: [record({ type: 42, data: hex("0001 10 02 0a00") })] }),
    why: /ends with zeros/,
  },
  {
    name: "SVCB with the key 65535",
    bytes: message({ answer: [record({ type: 64, data: [u16(1), name(""), hex("ffff 0000")] })] }),
    why: /the key 65535/,
  },
  {
    name: "SVCB with a key twice",
    bytes: message({
      answer: [
        record({ type: 64, data: [u16(1), name(""), hex("0003 0002 0035 0003 0002 0035")] }),
      ],
    }),
    why: /keys that do not rise/,
  },
  {
    name: "SVCB with a port of one byte",
    bytes: message({
      answer: [record({ type: 64, data: [u16(1), name(""), hex("0003 0001 35")] })],
    }),
    why: /a port that is none/,
  },
  {
    name: "SVCB with half a key in mandatory",
    bytes: message({
      answer: [record({ type: 64, data: [u16(1), name(""), hex("0000 0001 00")] })],
    }),
    why: /half a key/,
  },
  {
    name: "SVCB with a protocol cut off",
    bytes: message({
      answer: [record({ type: 64, data: [u16(1), name(""), hex("0001 0002 0568")] })],
    }),
    why: /cut off/,
  },
  {
    name: "SVCB with a hint that is no address",
    bytes: message({
      answer: [record({ type: 64, data: [u16(1), name(""), hex("0004 0003 c00002")] })],
    }),
    why: /no address/,
  },
  {
    name: "SVCB with IPv4 in ipv6hint",
    bytes: message({
      answer: [
        record({
          type: 64,
          data: [u16(1), name(""), hex("0006 0010 00000000000000000000ffffc0000201")],
        }),
      ],
    }),
    why: /IPv4 in ipv6hint/,
  },
  {
    name: "SVCB with a value where there is none",
    bytes: message({
      answer: [record({ type: 64, data: [u16(1), name(""), hex("0002 0001 00")] })],
    }),
    why: /a value where there is none/,
  },
  {
    name: "OPT with an option cut off",
    bytes: message({ additional: [record({ type: 41, data: hex("000a 0008 00") })] }),
    why: /a field is cut off/,
  },
  {
    name: "OPT with a subnet of family 3",
    bytes: message({ additional: [record({ type: 41, data: hex("0008 0004 0003 00 00") })] }),
    why: /a network that is none/,
  },
  {
    name: "OPT with a subnet of 33 bits",
    bytes: message({ additional: [record({ type: 41, data: hex("0008 0004 0001 21 00") })] }),
    why: /a network that is none/,
  },
  {
    name: "OPT with an error of one byte",
    bytes: message({ additional: [record({ type: 41, data: hex("000f 0001 00") })] }),
    why: /EDE is cut off/,
  },
  {
    name: "a signature nobody asked for",
    bytes: message({ additional: [record({ type: 250, data: [name("alg"), Buffer.alloc(16)] })] }),
    why: /signed \(TSIG\)/,
  },
];

for (const { name: what, bytes: wire, why } of malformed) {
  test(`readMessage() refuses ${what}`, () => {
    assert.throws(
      () => readMessage(wire),
      (error) => error instanceof MalformedMessageError && why.test(error.message),
    );
  });
}

test("readMessage() refuses names that compression blows up beyond measure", () => {
  const long = name(`${"x".repeat(63)}.`.repeat(3) + "x".repeat(61));
  // A record HIP: each server of the list is a pointer of two bytes, and a name of 255.
  const data = [hex("00 00 0000"), Array.from({ length: 30_000 }, () => pointer(12))];
  const wire = message({
    questions: [bytes(long, u16(55), u16(1))],
    answer: [record({ owner: pointer(12), type: 55, data })],
  });
  assert.ok(wire.length < 65_536);
  assert.throws(() => readMessage(wire), /stand for too much text/);
});
