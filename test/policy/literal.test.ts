import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formsWithoutLookup, literalForms } from "../../src/policy/literal.ts";
import { addressText } from "../../src/runtime/address.ts";

const cases = [
  { host: "127.0.0.1", want: "127.0.0.1" },
  { host: "127.1", want: "127.0.0.1" },
  { host: "0x7f.1", want: "127.0.0.1" },
  { host: "0x7F000001", want: "127.0.0.1" },
  { host: "0177.0.0.1", want: "127.0.0.1" },
  { host: "2130706433", want: "127.0.0.1" },
  { host: "127.0.0.1.", want: "127.0.0.1" },
  { host: "１２７.0.0.1", want: "127.0.0.1" },
  { host: "127。0。0。1", want: "127.0.0.1" },
  { host: "%31%32%37.1", want: "127.0.0.1" },
  { host: "[::1]", want: "::1" },
  { host: "fe80::1%eth0", want: "fe80::1" },
  { host: "[fe80::1%25eth0]", want: "fe80::1" },
  { host: "[::ffff:127.0.0.1]", want: "::ffff:7f00:1" },
] as const;

for (const { host, want } of cases) {
  test(`literalForms() reads ${host} as ${want}`, () => {
    const [first] = literalForms(host)?.all ?? [];
    assert.equal(first && addressText(first), want);
  });
}

for (const host of [
  "",
  "www.example.net",
  "127.0.0.1.example.net",
  "4294967296",
  "256.1",
  "1.2.3.4.5",
  "127.1:80",
  "127.1/8",
  "user@127.1",
  "1".repeat(1_000_000),
]) {
  test(`literalForms() takes ${JSON.stringify(host.slice(0, 40))} for no address`, () => {
    assert.equal(literalForms(host), undefined);
  });
}

const part = (value: number, base: number): string =>
  base === 16 ? `0x${value.toString(16)}` : base === 8 ? `0${value.toString(8)}` : `${value}`;
const base = fc.constantFrom(8, 10, 16);

/** A number written with one to four parts, each in a base of its own, as inet_aton(3) reads them. */
function written(value: number, partCount: number, bases: readonly number[]): string {
  const leading = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255].slice(0, partCount - 1);
  const lastBits = 32 - 8 * leading.length;
  const last = lastBits === 32 ? value : value % 2 ** lastBits;
  return [...leading, last].map((number, at) => part(number, bases[at] ?? 10)).join(".");
}

test("literalForms() reads every notation of every IPv4 address", () => {
  fc.assert(
    fc.property(
      fc.nat(0xffff_ffff),
      fc.integer({ min: 1, max: 4 }),
      fc.tuple(base, base, base, base),
      (value, partCount, bases) => {
        const [first] = literalForms(written(value, partCount, bases))?.all ?? [];
        const want = [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
        assert.deepEqual([...(first ?? [])], want);
      },
    ),
  );
});

test("formsWithoutLookup() knows localhost and names below it as both loopback addresses", () => {
  for (const host of ["localhost", "LocalHost.", "a.b.localhost"]) {
    const forms = formsWithoutLookup(host).map(({ all }) => all.map(addressText));
    assert.deepEqual(forms, [["127.0.0.1"], ["::1"]]);
  }
  assert.deepEqual(formsWithoutLookup("notlocalhost"), []);
  assert.deepEqual(formsWithoutLookup("localhost.example.net"), []);
});
