import assert from "node:assert/strict";
import { test } from "node:test";
import { isSameAddress, socketAddress } from "../../../src/icmp/transport/socket-address.ts";

const libc = { interfaceIndex: (name: string): number => (name === "eth0" ? 3 : 0) };
const bytesOf = (text: string): number[] => [...new Uint8Array(socketAddress(text, libc).buffer)];
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

test("an IPv4 address becomes a sockaddr_in", () => {
  assert.deepEqual(bytesOf("192.0.2.7"), [2, 0, 0, 0, 192, 0, 2, 7, ...zeros(20)]);
});

const v6 = [0x20, 0x01, 0x0d, 0xb8, ...zeros(11), 5];
const linkLocal = [0xfe, 0x80, ...zeros(13), 1];
const cases = [
  { name: "an address", text: "2001:db8::5", address: v6, scope: 0 },
  { name: "a zone by name", text: "fe80::1%eth0", address: linkLocal, scope: 3 },
  { name: "a zone by number", text: "fe80::1%12", address: linkLocal, scope: 12 },
] as const;
for (const { name, text, address, scope } of cases) {
  test(`IPv6: ${name} becomes a sockaddr_in6`, () => {
    assert.deepEqual(bytesOf(text), [10, 0, ...zeros(6), ...address, scope, 0, 0, 0]);
  });
}

const wrong = [
  { name: "a name", text: "dns.example", want: /^Cannot use "dns\.example" as an address/ },
  {
    name: "a zone that is not there",
    text: "fe80::1%wlan9",
    want: /^Cannot use "fe80::1%wlan9": there is no interface "wlan9" here$/,
  },
] as const;
for (const { name, text, want } of wrong) {
  test(`socketAddress() of ${name} says what is wrong`, () => {
    assert.throws(() => socketAddress(text, libc), { message: want });
  });
}

const pairs = [
  { name: "equal IPv4", a: "192.0.2.1", b: "192.0.2.1", want: true },
  { name: "IPv4 that differ in the last byte", a: "192.0.2.1", b: "192.0.2.2", want: false },
  { name: "equal IPv6", a: "2001:db8::1", b: "2001:db8::1", want: true },
  { name: "IPv6 that differ in the first word", a: "2001:db9::1", b: "2001:db8::1", want: false },
  { name: "IPv6 that differ in the last word", a: "2001:db8::1", b: "2001:db8::2", want: false },
  { name: "IPv6 that differ in the scope", a: "fe80::1%2", b: "fe80::1%3", want: true },
] as const;
for (const { name, a, b, want } of pairs) {
  test(`isSameAddress() of ${name} addresses`, () => {
    const words = new Uint32Array(20);
    words.set(socketAddress(a, libc), 2);
    words.set(socketAddress(b, libc), 11);
    // The port of a reply's source is not ours to compare.
    words[2] = (words[2] ?? 0) | 0xffff_0000;
    assert.equal(isSameAddress(a.includes(":"), words, 2, words, 11), want);
  });
}
