import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addressForms } from "../../src/policy/unwrap.ts";
import { addressText } from "../../src/runtime/address.ts";

const texts = (forms: readonly Uint8Array[] | undefined) => forms?.map(addressText);

const cases = [
  { name: "IPv4", address: "192.0.2.1", all: ["192.0.2.1"], destinations: ["192.0.2.1"] },
  {
    name: "plain IPv6",
    address: "2001:db8::1",
    all: ["2001:db8::1"],
    destinations: ["2001:db8::1"],
  },
  { name: "loopback", address: "::1", all: ["::1"], destinations: ["::1"] },
  { name: "unspecified", address: "::", all: ["::"], destinations: ["::"] },
  {
    name: "IPv6 with a zone",
    address: "fe80::1%eth0",
    all: ["fe80::1"],
    destinations: ["fe80::1"],
  },
  {
    name: "IPv4-mapped, dotted",
    address: "::ffff:192.0.2.1",
    all: ["::ffff:c000:201", "192.0.2.1"],
    destinations: ["192.0.2.1"],
  },
  {
    name: "IPv4-mapped, in full with a zone",
    address: "0:0:0:0:0:FFFF:c000:0201%lo",
    all: ["::ffff:c000:201", "192.0.2.1"],
    destinations: ["192.0.2.1"],
  },
  {
    name: "IPv4-compatible",
    address: "::192.0.2.1",
    all: ["::c000:201", "192.0.2.1"],
    destinations: ["::c000:201", "192.0.2.1"],
  },
  {
    name: "NAT64 (RFC 6052 section 2.4)",
    address: "64:ff9b::192.0.2.33",
    all: ["64:ff9b::c000:221", "192.0.2.33"],
    destinations: ["192.0.2.33"],
  },
  {
    name: "6to4 (RFC 3056 section 2)",
    address: "2002:c000:201::1",
    all: ["2002:c000:201::1", "192.0.2.1"],
    destinations: ["2002:c000:201::1", "192.0.2.1"],
  },
  {
    name: "Teredo: client 192.0.2.45 behind server 65.54.227.120",
    address: "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    all: ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45"],
    destinations: ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45"],
  },
  {
    name: "IPv4-translated (RFC 2765 section 2.1)",
    address: "::ffff:0:192.0.2.1",
    all: ["::ffff:0:c000:201", "192.0.2.1"],
    destinations: ["::ffff:0:c000:201", "192.0.2.1"],
  },
  {
    name: "NAT64 of a local prefix (RFC 8215), in every layout of RFC 6052",
    address: "64:ff9b:1:c000:2:2100:c000:201",
    all: ["64:ff9b:1:c000:2:2100:c000:201", "192.0.2.33", "0.2.33.0", "2.33.0.192", "192.0.2.1"],
    destinations: ["64:ff9b:1:c000:2:2100:c000:201"],
  },
] as const;

for (const { name, address, all, destinations } of cases) {
  test(`addressForms() of ${name}`, () => {
    const forms = addressForms(address);
    assert.deepEqual(texts(forms?.all), all);
    assert.deepEqual(texts(forms?.destinations), destinations);
  });
}

for (const odd of [
  "127.1",
  "0x7f000001",
  "2130706433",
  "0177.0.0.1",
  "127.0.0.1.",
  "[::1]",
  "127.0.0.1 ",
  "localhost",
  "",
]) {
  test(`addressForms() takes ${JSON.stringify(odd)} for no address`, () => {
    assert.equal(addressForms(odd), undefined);
  });
}

const ipv4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const hex = (high: number, low: number) => ((high << 8) | low).toString(16);
const wrappings = [
  {
    name: "IPv4-mapped",
    wrap: (a: number, b: number, c: number, d: number) => `::ffff:${a}.${b}.${c}.${d}`,
  },
  {
    name: "NAT64",
    wrap: (a: number, b: number, c: number, d: number) => `64:ff9b::${hex(a, b)}:${hex(c, d)}`,
  },
  {
    name: "6to4",
    wrap: (a: number, b: number, c: number, d: number) => `2002:${hex(a, b)}:${hex(c, d)}::5`,
  },
  {
    name: "Teredo",
    wrap: (a: number, b: number, c: number, d: number) =>
      `2001:0:4136:e378:8000:63bf:${hex(a ^ 255, b ^ 255)}:${hex(c ^ 255, d ^ 255)}`,
  },
] as const;

for (const { name, wrap } of wrappings) {
  test(`addressForms() finds every IPv4 address inside ${name}`, () => {
    fc.assert(
      fc.property(ipv4, ([a, b, c, d]) => {
        const forms = addressForms(wrap(a, b, c, d));
        assert.equal(texts(forms?.all)?.at(-1), `${a}.${b}.${c}.${d}`);
      }),
    );
  });
}

test("addressForms() gives the address itself first, and at least one destination", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const forms = addressForms(addressText(bytes));
      assert.deepEqual(forms?.all[0], bytes);
      assert.ok((forms?.destinations.length ?? 0) > 0);
    }),
  );
});
