import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { SocketProfile } from "../../../../src/icmp/echo.ts";
import { enterOwnNetwork, ip, nft } from "../../../support/own-network.ts";
import {
  LOOPBACK,
  openPingGroups,
  profile,
  SOCKET_TRANSPORTS,
  Wire,
} from "../../../support/wire.ts";

// At the start and on this thread: sockets opened from here on belong to the network of the test.
const skip = (await enterOwnNetwork()) ?? false;

before(() => {
  if (skip !== false) return;
  openPingGroups();
  for (const args of [
    "addr add 2001:db8:5::1/128 dev lo nodad",
    "link add cable0 type veth peer name cable1",
    "addr add fe80::5/64 dev cable0 nodad",
    "link set cable0 up",
    "link set cable1 up",
  ]) {
    assert.equal(ip(args), undefined, args);
  }
});

/** An option, and what an echo request on the wire has then. */
const options = [
  {
    family: "ipv4",
    name: "source",
    changed: { source: "127.0.0.5" },
    wire: "ip saddr 127.0.0.5",
  },
  { family: "ipv4", name: "dscp", changed: { dscp: 46 }, wire: "ip dscp 46" },
  { family: "ipv4", name: "hopLimit", changed: { hopLimit: 33 }, wire: "ip ttl 33" },
  { family: "ipv4", name: "mark", changed: { mark: 77 }, wire: "meta mark 77" },
  {
    family: "ipv4",
    name: "isFragmentingForbidden",
    changed: { isFragmentingForbidden: true },
    wire: "ip frag-off & 0x4000 == 0x4000",
  },
  {
    family: "ipv6",
    name: "source",
    changed: { source: "2001:db8:5::1" },
    wire: "ip6 saddr 2001:db8:5::1",
  },
  { family: "ipv6", name: "dscp", changed: { dscp: 46 }, wire: "ip6 dscp 46" },
  { family: "ipv6", name: "hopLimit", changed: { hopLimit: 33 }, wire: "ip6 hoplimit 33" },
  { family: "ipv6", name: "mark", changed: { mark: 77 }, wire: "meta mark 77" },
] as const satisfies readonly {
  readonly family: "ipv4" | "ipv6";
  readonly name: string;
  readonly changed: Partial<SocketProfile>;
  readonly wire: string;
}[];

for (const kind of SOCKET_TRANSPORTS) {
  describe(`profiles of the ${kind} transport`, () => {
    for (const { family, name, changed, wire: expression } of options) {
      test(`${name} is on the wire, ${family}`, { skip }, async (t) => {
        // Requests that are otherwise do not arrive, and so are not answered.
        const type = family === "ipv4" ? "icmp type" : "icmpv6 type";
        const problem = nft(
          `add table inet t; add chain inet t in { type filter hook input priority 0; }; add rule inet t in ${type} echo-request ${expression} accept; add rule inet t in ${type} echo-request drop`,
        );
        if (problem !== undefined) {
          t.skip(`nft does not work here: ${problem}`);
          return;
        }
        t.after(() => nft("delete table inet t"));
        using wire = new Wire(kind, family);
        const plain = wire.transport.openProfile(profile(family));
        const special = wire.transport.openProfile(profile(family, changed));
        wire.send(LOOPBACK[family], { profile: plain });
        const slot = wire.send(LOOPBACK[family], { profile: special });
        await wire.replies(1);
        wire.check([slot]);
      });
    }

    test("a link-local source and target have their zone", { skip }, async () => {
      using wire = new Wire(kind, "ipv6");
      const address = "fe80::5%cable0";
      wire.transport.openProfile(profile("ipv6", { source: address }));
      const slot = wire.send(address);
      await wire.replies(1);
      wire.check([slot]);
    });

    test("without fragmenting, an echo larger than the interface takes is unsent", {
      skip,
    }, async (t) => {
      t.after(() => ip("link set lo mtu 65536"));
      assert.equal(ip("link set lo mtu 1500"), undefined);
      using wire = new Wire(kind, "ipv4");
      const whole = wire.transport.openProfile(profile("ipv4", { isFragmentingForbidden: true }));
      const cut = wire.transport.openProfile(profile("ipv4"));
      wire.transport.reservePayload(1473);
      const own = LOOPBACK.ipv4;
      const refused = wire.send(own, { profile: whole, payloadBytes: 1473 });
      const slots = [
        wire.send(own, { profile: whole, payloadBytes: 1472 }),
        wire.send(own, { profile: cut, payloadBytes: 1473 }),
      ];
      await wire.replies(2);
      wire.check(slots);
      const names = [...wire.log.refused].map(([slot, errno]) => [
        slot,
        wire.libc.errnoName(errno),
      ]);
      assert.deepEqual(names, [[refused, "EMSGSIZE"]]);
    });
  });
}
