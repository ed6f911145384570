import assert from "node:assert/strict";
import { test } from "node:test";
import { icmpOptions } from "../../src/icmp/options.ts";
import { payloadBytesOf, profileOf } from "../../src/icmp/profile.ts";

test("profileOf() of default options has the system's hop limit and nothing else", () => {
  assert.deepEqual(profileOf(icmpOptions.parse({}), "ipv4"), {
    family: "ipv4",
    source: undefined,
    interface: undefined,
    mark: 0,
    dscp: 0,
    hopLimit: 64,
    isFragmentingForbidden: false,
  });
});

test("profileOf() takes ttl 0 for the default and dont_fragment for IPv4 alone", () => {
  const options = icmpOptions.parse({ ttl: 0, dont_fragment: true, mark: 7, dscp: 46 });
  assert.equal(profileOf(options, "ipv4").isFragmentingForbidden, true);
  assert.equal(profileOf(options, "ipv6").isFragmentingForbidden, false);
  assert.equal(profileOf(options, "ipv6").hopLimit, 64);
  assert.deepEqual([profileOf(options, "ipv4").mark, profileOf(options, "ipv4").dscp], [7, 46]);
});

test("payloadBytesOf() is 28 where the module says 0", () => {
  assert.equal(payloadBytesOf(icmpOptions.parse({})), 28);
  assert.equal(payloadBytesOf(icmpOptions.parse({ payload_size: 1 })), 1);
});
