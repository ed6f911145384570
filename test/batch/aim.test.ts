import assert from "node:assert/strict";
import { test } from "node:test";
import { aimAt, preferredFamily } from "../../src/batch/aim.ts";
import type { AddressFamily } from "../../src/runtime/address.ts";
import { fakeTools } from "./fake-tools.ts";

const never = new AbortController().signal;
const { resolve } = fakeTools({
  hosts: new Map(),
  names: new Map([
    ["both.example", ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"]],
    ["four.example", ["192.0.2.4"]],
  ]),
});

const cases: readonly {
  name: string;
  host: string;
  only?: AddressFamily;
  preferred: AddressFamily;
  want: string;
}[] = [
  {
    name: "the first of the preferred family",
    host: "both.example",
    preferred: "ipv6",
    want: "2001:db8::1",
  },
  {
    name: "the first of the other preferred family",
    host: "both.example",
    preferred: "ipv4",
    want: "192.0.2.1",
  },
  {
    name: "another family than the preferred, if there is no other",
    host: "four.example",
    preferred: "ipv6",
    want: "192.0.2.4",
  },
  {
    name: "only the family asked for",
    host: "both.example",
    only: "ipv4",
    preferred: "ipv6",
    want: "192.0.2.1",
  },
  {
    name: "nothing of another family than asked for",
    host: "four.example",
    only: "ipv6",
    preferred: "ipv6",
    want: 'dns_no_address: "four.example" has no IPv6 address',
  },
  {
    name: "no address of another family either",
    host: "::1",
    only: "ipv4",
    preferred: "ipv4",
    want: 'dns_no_address: "::1" has no IPv4 address',
  },
  {
    name: "an address in brackets with a port",
    host: "[2001:db8::7]:443",
    preferred: "ipv4",
    want: "2001:db8::7",
  },
  {
    name: "the host of a URL",
    host: "https://four.example:8443/path",
    preferred: "ipv4",
    want: "192.0.2.4",
  },
  {
    name: "no name that does not exist",
    host: "none.example",
    preferred: "ipv4",
    want: 'dns_nxdomain: "none.example" does not exist',
  },
];

for (const { name, host, only, preferred, want } of cases) {
  test(`aimAt() takes ${name}`, async () => {
    const aim = await aimAt(host, { only, preferred }, resolve, never);
    const got =
      aim.kind === "aimed" ? aim.address.text : `${aim.failure.reason}: ${aim.failure.detail}`;
    assert.equal(got, want);
  });
}

const address = (text: string, internal = false) => ({
  address: text,
  netmask: "",
  mac: "",
  internal,
  cidr: null,
  ...(text.includes(":") ? { family: "IPv6" as const, scopeid: 0 } : { family: "IPv4" as const }),
});
const BOTH: readonly AddressFamily[] = ["ipv4", "ipv6"];

const machines = [
  {
    name: "with a global IPv6 address",
    open: BOTH,
    addresses: ["192.0.2.9", "2001:db8::9"],
    want: "ipv6",
  },
  {
    name: "with local IPv6 addresses only",
    open: BOTH,
    addresses: ["192.0.2.9", "fe80::9", "fd00::9"],
    want: "ipv4",
  },
  { name: "without IPv6", open: BOTH, addresses: ["192.0.2.9"], want: "ipv4" },
  { name: "where no IPv6 socket opens", open: ["ipv4"], addresses: ["2001:db8::9"], want: "ipv4" },
  { name: "where no IPv4 socket opens", open: ["ipv6"], addresses: ["192.0.2.9"], want: "ipv6" },
] as const;

for (const { name, open, addresses, want } of machines) {
  test(`preferredFamily() on a machine ${name} is ${want}`, () => {
    const interfaces = { lo: [address("::1", true)], eth0: addresses.map((text) => address(text)) };
    assert.equal(preferredFamily(new Set(open), interfaces), want);
  });
}
