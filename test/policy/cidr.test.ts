import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cidr, cidrProblem, isInCidr, parseCidr } from "../../src/policy/cidr.ts";
import { addressBytes, addressText } from "../../src/runtime/address.ts";

function contains(block: string, address: string): boolean {
  return isInCidr(addressBytes(address) ?? new Uint8Array(), cidr(block));
}

const membership = [
  { block: "192.0.2.0/24", address: "192.0.2.255", want: true },
  { block: "192.0.2.0/24", address: "192.0.3.0", want: false },
  { block: "192.0.2.128/25", address: "192.0.2.127", want: false },
  { block: "192.0.2.1", address: "192.0.2.1", want: true },
  { block: "192.0.2.1", address: "192.0.2.2", want: false },
  { block: "0.0.0.0/0", address: "255.255.255.255", want: true },
  { block: "0.0.0.0/0", address: "2001:db8::1", want: false },
  { block: "::/0", address: "192.0.2.1", want: false },
  { block: "2001:db8::/33", address: "2001:db8:7fff::1", want: true },
  { block: "2001:db8::/33", address: "2001:db8:8000::1", want: false },
  { block: "fe80::/10", address: "febf::1%eth0", want: true },
  { block: "fe80::/10", address: "fec0::1", want: false },
  { block: "::ffff:192.0.2.0/120", address: "192.0.2.9", want: true },
  { block: "::ffff:0:0/96", address: "198.51.100.1", want: true },
] as const;

for (const { block, address, want } of membership) {
  test(`isInCidr() finds ${address} ${want ? "inside" : "outside"} ${block}`, () => {
    assert.equal(contains(block, address), want);
  });
}

const malformed = [
  { text: "", says: /is not a CIDR/ },
  { text: "example.net", says: /is not a CIDR/ },
  { text: "10.0.0.0/8/8", says: /is not a CIDR/ },
  { text: "10.1/16", says: /is not a CIDR/ },
  { text: "010.0.0.0/8", says: /is not a CIDR/ },
  { text: "0x0a000000/8", says: /is not a CIDR/ },
  { text: " 10.0.0.0/8", says: /is not a CIDR/ },
  { text: "10.0.0.0/", says: /write 10\.0\.0\.0\/ and a number from 0 to 32/ },
  { text: "10.0.0.0/33", says: /from 0 to 32/ },
  { text: "10.0.0.0/-1", says: /from 0 to 32/ },
  { text: "10.0.0.0/08", says: /from 0 to 32/ },
  { text: "10.0.0.0/255.0.0.0", says: /from 0 to 32/ },
  { text: "2001:db8::/129", says: /from 0 to 128/ },
  { text: "192.0.2.7/24", says: /write 192\.0\.2\.0\/24 for the block, or 192\.0\.2\.7\/32/ },
  { text: "2001:db8::1/32", says: /write 2001:db8::\/32 for the block/ },
  { text: "fe80::%eth0/10", says: /has a zone/ },
] as const;

for (const { text, says } of malformed) {
  test(`parseCidr() refuses ${JSON.stringify(text)} and says what to write`, () => {
    assert.match(cidrProblem(text) ?? "", says);
  });
}

const addresses = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);
const bitAt = (bytes: Uint8Array, bit: number) => ((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;

test("isInCidr() agrees with a comparison bit by bit", () => {
  fc.assert(
    fc.property(addresses, fc.nat(128), fc.nat(127), (address, prefix, flipped) => {
      const widthBits = address.length * 8;
      const prefixBits = prefix % (widthBits + 1);
      const other = address.map((byte, at) =>
        at === (flipped % widthBits) >> 3 ? byte ^ (0x80 >> (flipped & 7)) : byte,
      );
      const network = address.map((byte, at) =>
        at * 8 + 8 <= prefixBits
          ? byte
          : at * 8 >= prefixBits
            ? 0
            : byte & (0xff << (8 - (prefixBits & 7))),
      );
      const block = { family: "ipv4", network, prefixBits } as const;
      const isSame = Array.from({ length: prefixBits }, (_, bit) => bit).every(
        (bit) => bitAt(other, bit) === bitAt(address, bit),
      );
      assert.equal(isInCidr(address, block), true);
      assert.equal(isInCidr(other, block), isSame);
    }),
  );
});

test("parseCidr() takes what addressText() writes, as the block of that one address", () => {
  fc.assert(
    fc.property(addresses, (address) => {
      const parsed = parseCidr(addressText(address));
      assert.equal(parsed.kind, "parsed");
    }),
  );
});

test("parseCidr() never throws and always gives a sentence", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const parsed = parseCidr(text);
      if (parsed.kind === "malformed") assert.ok(parsed.problem.length > 20);
    }),
  );
});
