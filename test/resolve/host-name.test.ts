import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseHost } from "../../src/resolve/host-name.ts";

const label63 = "a".repeat(63);
const name253 = `${`${label63}.`.repeat(3)}${"b".repeat(61)}`;

const names = [
  { name: "a plain name", text: "www.example.net", want: "www.example.net" },
  { name: "capitals become small", text: "WWW.Example.NET", want: "www.example.net" },
  { name: "a trailing dot is taken off", text: "www.example.net.", want: "www.example.net" },
  { name: "underscores are taken", text: "_http._tcp.example.net", want: "_http._tcp.example.net" },
  { name: "a single label", text: "gateway", want: "gateway" },
  { name: "a single label of digits", text: "4711", want: "4711" },
  { name: "an international name", text: "bücher.example", want: "xn--bcher-kva.example" },
  { name: "a label of 63", text: label63, want: label63 },
  { name: "a name of 253", text: name253, want: name253 },
] as const;

for (const { name, text, want } of names) {
  test(`parseHost() reads ${name}`, () => {
    assert.deepEqual(parseHost(text), { kind: "name", name: want, isAbsolute: text.endsWith(".") });
  });
}

const addresses = [
  { text: "192.0.2.1", want: "192.0.2.1", family: "ipv4" },
  { text: "2001:db8::1", want: "2001:db8::1", family: "ipv6" },
  { text: "[2001:db8::1]", want: "2001:db8::1", family: "ipv6" },
  { text: "fe80::1%eth0", want: "fe80::1%eth0", family: "ipv6" },
  { text: "::ffff:192.0.2.1", want: "::ffff:192.0.2.1", family: "ipv6" },
] as const;

for (const { text, want, family } of addresses) {
  test(`parseHost() reads ${text} as an address`, () => {
    assert.deepEqual(parseHost(text), { kind: "address", address: { text: want, family } });
  });
}

const bad = [
  { text: "", because: "it is empty" },
  { text: ".", because: "it is empty" },
  { text: "a..b", because: "it has an empty label between two dots or at its start" },
  { text: ".a", because: "it has an empty label between two dots or at its start" },
  { text: "a..", because: "it has an empty label between two dots or at its start" },
  { text: "a b", because: '" " is not allowed in it' },
  { text: "a/b", because: '"/" is not allowed in it' },
  { text: "host:80", because: '":" is not allowed in it' },
  { text: "a\0b", because: '"\\u0000" is not allowed in it' },
  { text: "-a.example", because: "it starts with a hyphen" },
  { text: `${label63}a`, because: "a label has more than 63 characters" },
  { text: "300.1.2.3", because: "it ends in a number like an IPv4 address, but is none" },
  { text: "127.1", because: "it ends in a number like an IPv4 address, but is none" },
  { text: "127。0。0。1", because: "it is not a valid international name" },
  { text: "ü b.example", because: "it is not a valid international name" },
  { text: "ü/x", because: "it is not a valid international name" },
] as const;

for (const { text, because } of bad) {
  test(`parseHost() refuses ${JSON.stringify(text)}`, () => {
    const detail = `${JSON.stringify(text)} is not a host name: ${because}`;
    assert.deepEqual(parseHost(text), { kind: "bad", detail });
  });
}

test("parseHost() refuses a name of 254 characters and quotes only its start", () => {
  const host = parseHost(`b${name253}`);
  assert.ok(host.kind === "bad");
  assert.match(host.detail, /^"ba{63}\.a{15}…" is not a host name: it has 254 characters/);
});

test("parseHost() gives only names that fit into a DNS question, whatever the text", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.domain(), fc.ipV6()), (text) => {
      const host = parseHost(text);
      if (host.kind !== "name") return;
      assert.match(host.name, /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/);
      assert.ok(host.name.length <= 253);
    }),
  );
});
