import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseAddress, familyChoice } from "../../src/resolve/choose.ts";
import { type Address, familyOf } from "../../src/runtime/address.ts";

function addresses(...texts: readonly string[]): readonly Address[] {
  return texts.map((text) => ({ text, family: familyOf(text) ?? "ipv4" }));
}

const both = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"];
const cases = [
  {
    name: "ip6 takes the first IPv6",
    protocol: "ip6",
    fallback: true,
    from: both,
    want: "2001:db8::1",
  },
  {
    name: "ip4 takes the first IPv4",
    protocol: "ip4",
    fallback: true,
    from: both,
    want: "192.0.2.1",
  },
  { name: "nothing means ip6", protocol: "", fallback: true, from: both, want: "2001:db8::1" },
  {
    name: "any other text means ip4",
    protocol: "ipv6",
    fallback: true,
    from: both,
    want: "192.0.2.1",
  },
  {
    name: "fallback takes the last of the other family",
    protocol: "ip6",
    fallback: true,
    from: ["192.0.2.1", "192.0.2.2"],
    want: "192.0.2.2",
  },
  {
    name: "fallback to IPv6 takes the last as well",
    protocol: "ip4",
    fallback: true,
    from: ["2001:db8::1", "2001:db8::2"],
    want: "2001:db8::2",
  },
  {
    name: "without fallback the other family is not taken",
    protocol: "ip6",
    fallback: false,
    from: ["192.0.2.1"],
    want: undefined,
  },
  {
    name: "without fallback the first",
    protocol: "ip4",
    fallback: false,
    from: both,
    want: "192.0.2.1",
  },
  { name: "no addresses", protocol: "ip6", fallback: true, from: [], want: undefined },
] as const;

for (const { name, protocol, fallback, from, want } of cases) {
  test(`chooseAddress(): ${name}`, () => {
    const chosen = chooseAddress(addresses(...from), familyChoice(protocol, fallback));
    assert.equal(chosen?.text, want);
  });
}
