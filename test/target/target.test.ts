import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { hostOf, streamKey } from "../../src/target/target.ts";

const hosts = [
  { name: "a name", target: "dns.example.net", want: "dns.example.net" },
  { name: "an IPv4 address", target: "192.0.2.1", want: "192.0.2.1" },
  { name: "an IPv4 address with a port", target: "192.0.2.1:80", want: "192.0.2.1" },
  { name: "a bare IPv6 address", target: "2001:db8::1", want: "2001:db8::1" },
  { name: "the shortest IPv6 address", target: "::1", want: "::1" },
  { name: "an IPv6 address that ends like a port", target: "2001:db8::80", want: "2001:db8::80" },
  { name: "brackets", target: "[2001:db8::1]", want: "2001:db8::1" },
  { name: "brackets and a port", target: "[2001:db8::1]:443", want: "2001:db8::1" },
  { name: "a zone", target: "fe80::1%eth0", want: "fe80::1%eth0" },
  { name: "a zone in brackets", target: "[fe80::1%eth0]:80", want: "fe80::1%eth0" },
  { name: "a zone in a URL", target: "http://[fe80::1%25eth0]/", want: "fe80::1%eth0" },
  { name: "a URL", target: "https://www.example.net/path?q=1#f", want: "www.example.net" },
  { name: "a URL with a port", target: "http://www.example.net:8080", want: "www.example.net" },
  { name: "a URL with an empty port", target: "http://www.example.net:/", want: "www.example.net" },
  {
    name: "a URL with a query alone",
    target: "http://www.example.net?q=a/b",
    want: "www.example.net",
  },
  { name: "a URL of an IPv6 address", target: "HTTP://[2001:db8::1]:80/", want: "2001:db8::1" },
  { name: "a user", target: "https://user@www.example.net/", want: "www.example.net" },
  {
    name: "a password with an @",
    target: "https://u:p@ss@www.example.net:1/",
    want: "www.example.net",
  },
  { name: "an @ in the path", target: "https://www.example.net/@user", want: "www.example.net" },
  { name: "a path without a scheme", target: "www.example.net/a:b", want: "www.example.net" },
  {
    name: "a name with a port and a path",
    target: "www.example.net:80/a",
    want: "www.example.net",
  },
  { name: "a scheme alone", target: "https://", want: "" },
  { name: "a port alone", target: ":80", want: "" },
  { name: "nothing", target: "", want: "" },
] as const;

for (const { name, target, want } of hosts) {
  test(`hostOf() of ${name}`, () => {
    assert.equal(hostOf(target), want);
  });
}

test("hostOf() is its own host", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), (host) => hostOf(host) === host),
  );
});

const base = { target: "192.0.2.1", labels: { a: "1", b: "2" } };

test("streamKey() is the same whatever the order of labels", () => {
  assert.equal(
    streamKey("core", "icmp", base),
    streamKey("core", "icmp", { target: "192.0.2.1", labels: { b: "2", a: "1" } }),
  );
});

const others = [
  { name: "group", key: streamKey("edge", "icmp", base) },
  { name: "module", key: streamKey("core", "icmp_v6", base) },
  { name: "target", key: streamKey("core", "icmp", { ...base, target: "192.0.2.2" }) },
  { name: "label value", key: streamKey("core", "icmp", { ...base, labels: { a: "1", b: "3" } }) },
  { name: "missing label", key: streamKey("core", "icmp", { ...base, labels: { a: "1" } }) },
  { name: "shifted text", key: streamKey('core","icmp', "", base) },
];

for (const { name, key } of others) {
  test(`streamKey() differs by ${name}`, () => {
    assert.notEqual(key, streamKey("core", "icmp", base));
  });
}
