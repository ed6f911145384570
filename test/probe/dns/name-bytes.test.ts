import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nameBytes } from "../../../src/probe/dns/name-bytes.ts";
import { WireReader } from "../../../src/probe/dns/wire-reader.ts";
import { bytes, label, name, u8 } from "./wire.ts";

const LONG = "x".repeat(63);

const good: readonly { name: string; text: string; want: Buffer }[] = [
  { name: "a name", text: "www.example.net", want: name("www.example.net") },
  {
    name: "a name with the dot of the root",
    text: "www.example.net.",
    want: name("www.example.net"),
  },
  { name: "the root", text: ".", want: name("") },
  { name: "capitals", text: "WwW.Example", want: name("WwW.Example") },
  { name: "an escaped dot", text: "a\\.b.c", want: bytes(label("a.b"), label("c"), u8(0)) },
  { name: "an escaped dot at the end", text: "a\\.", want: bytes(label("a."), u8(0)) },
  { name: "an escaped backslash", text: "a\\\\.b", want: bytes(label("a\\"), label("b"), u8(0)) },
  {
    name: "a byte in decimal",
    text: "\\000\\255.b",
    want: bytes(label(Buffer.from([0, 255])), label("b"), u8(0)),
  },
  { name: "a backslash before two digits", text: "\\12", want: bytes(label("12"), u8(0)) },
  { name: "UTF-8", text: "\u00e9.b", want: bytes(label("\u00e9"), label("b"), u8(0)) },
  { name: "the longest label", text: LONG, want: name(LONG) },
  {
    name: "the longest name",
    text: `${LONG}.${LONG}.${LONG}.${"x".repeat(61)}`,
    want: name(`${LONG}.${LONG}.${LONG}.${"x".repeat(61)}`),
  },
];

for (const { name: what, text, want } of good) {
  test(`nameBytes() of ${what}`, () => {
    const encoded = nameBytes(text);
    assert.deepEqual(encoded, { kind: "encoded", bytes: want });
  });
}

const bad: readonly { name: string; text: string; why: RegExp }[] = [
  { name: "two dots in a row", text: "a..b", why: /an empty label/ },
  { name: "a dot at the start", text: ".a", why: /an empty label/ },
  { name: "two dots", text: "..", why: /an empty label/ },
  { name: "a label of 64 bytes", text: `${LONG}x.net`, why: /a label of more than 63 bytes/ },
  { name: "a last label of 64 bytes", text: `a.${LONG}x`, why: /a label of more than 63 bytes/ },
  {
    name: "a name of 256 bytes",
    text: `${LONG}.${LONG}.${LONG}.${"x".repeat(62)}`,
    why: /more than 255 bytes/,
  },
  { name: "a byte of 256", text: "\\256", why: /above \\255/ },
  { name: "a backslash at the end", text: "a\\", why: /a backslash before nothing/ },
];

for (const { name: what, text, why } of bad) {
  test(`nameBytes() refuses ${what}`, () => {
    const encoded = nameBytes(text);
    assert.equal(encoded.kind, "failed");
    if (encoded.kind === "failed") assert.match(encoded.problem, why);
  });
}

test("nameBytes() undoes what a name of the wire is written as", () => {
  const labels = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 6 });
  fc.assert(
    fc.property(labels, (parts) => {
      const wire = bytes(
        parts.map((part) => label(Buffer.from(part))),
        u8(0),
      );
      const text = new WireReader(wire).mustName();
      assert.deepEqual(nameBytes(text), { kind: "encoded", bytes: wire });
    }),
  );
});

test("nameBytes() gives a name that can be read, or a problem, for any text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", ".", "\\", "1", "\u00e9", " ") }),
      (text) => {
        const encoded = nameBytes(text);
        if (encoded.kind === "failed") return;
        const reader = new WireReader(encoded.bytes);
        reader.mustName();
        assert.ok(reader.isAtEnd);
      },
    ),
  );
});
