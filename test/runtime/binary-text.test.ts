import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytesOfText, textOfBytes } from "../../src/runtime/binary-text.ts";

const cases = [
  { name: "ASCII", bytes: [0x50, 0x49], text: "PI" },
  { name: "UTF-8", bytes: [0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80], text: "é😀" },
  { name: "a zero byte", bytes: [0], text: "\0" },
  { name: "a byte that begins nothing", bytes: [0xff, 0x61], text: "\udcffa" },
  { name: "a sequence cut short", bytes: [0xd2, 0x16], text: "\udcd2\u0016" },
  // RFC 3629 section 3: neither longer than needed, nor surrogates, nor beyond U+10FFFF.
  { name: "an overlong sequence", bytes: [0xc0, 0x80], text: "\udcc0\udc80" },
  { name: "a surrogate", bytes: [0xed, 0xb2, 0x80], text: "\udced\udcb2\udc80" },
  {
    name: "what lies beyond Unicode",
    bytes: [0xf4, 0x90, 0x80, 0x80],
    text: "\udcf4\udc90\udc80\udc80",
  },
] as const;

for (const { name, bytes, text } of cases) {
  test(`textOfBytes() and back of ${name}`, () => {
    assert.equal(textOfBytes(Uint8Array.from(bytes)), text);
    assert.deepEqual([...bytesOfText(text)], [...bytes]);
  });
}

test("textOfBytes() loses no bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual([...bytesOfText(textOfBytes(bytes))], [...bytes]);
    }),
  );
});

test("bytesOfText() of a text that holds no escaped byte is its UTF-8", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.deepEqual(bytesOfText(text), Buffer.from(text));
    }),
  );
});
