import assert from "node:assert/strict";
import { test } from "node:test";
import { LOSS_REASONS } from "../../../src/icmp/echo.ts";
import { lossReason } from "../../../src/icmp/transport/icmp-error.ts";

const errors = [
  // RFC 792 page 4.
  { name: "net unreachable", family: "ipv4", type: 3, code: 0, want: "net_unreachable" },
  { name: "host unreachable", family: "ipv4", type: 3, code: 1, want: "host_unreachable" },
  { name: "protocol unreachable", family: "ipv4", type: 3, code: 2, want: "protocol_unreachable" },
  { name: "port unreachable", family: "ipv4", type: 3, code: 3, want: "port_unreachable" },
  { name: "fragmentation needed", family: "ipv4", type: 3, code: 4, want: "packet_too_big" },
  // RFC 1812 section 5.2.7.1.
  { name: "network prohibited", family: "ipv4", type: 3, code: 9, want: "prohibited" },
  { name: "host prohibited", family: "ipv4", type: 3, code: 10, want: "prohibited" },
  { name: "communication prohibited", family: "ipv4", type: 3, code: 13, want: "prohibited" },
  { name: "an unreachable code of the future", family: "ipv4", type: 3, code: 99, want: undefined },
  { name: "TTL exceeded", family: "ipv4", type: 11, code: 0, want: "ttl_exceeded" },
  { name: "source quench", family: "ipv4", type: 4, code: 0, want: undefined },
  { name: "redirect", family: "ipv4", type: 5, code: 1, want: undefined },
  // RFC 4443 sections 3.1 to 3.4.
  { name: "no route", family: "ipv6", type: 1, code: 0, want: "net_unreachable" },
  { name: "prohibited", family: "ipv6", type: 1, code: 1, want: "prohibited" },
  { name: "address unreachable", family: "ipv6", type: 1, code: 3, want: "host_unreachable" },
  { name: "port unreachable", family: "ipv6", type: 1, code: 4, want: "port_unreachable" },
  { name: "reject route", family: "ipv6", type: 1, code: 6, want: "prohibited" },
  { name: "packet too big", family: "ipv6", type: 2, code: 0, want: "packet_too_big" },
  { name: "hop limit exceeded", family: "ipv6", type: 3, code: 0, want: "ttl_exceeded" },
  { name: "unknown next header", family: "ipv6", type: 4, code: 1, want: "protocol_unreachable" },
  { name: "erroneous header", family: "ipv6", type: 4, code: 0, want: undefined },
] as const;

for (const { name, family, type, code, want } of errors) {
  test(`lossReason() of ${family} ${name}`, () => {
    assert.equal(lossReason(family, type, code), want);
  });
}

test("lossReason() gives a reason of the bounded list or none, for every type and code", () => {
  for (const family of ["ipv4", "ipv6"] as const) {
    for (let type = 0; type < 256; type += 1) {
      for (let code = 0; code < 256; code += 1) {
        const reason = lossReason(family, type, code);
        assert.ok(reason === undefined || LOSS_REASONS.includes(reason));
      }
    }
  }
});
