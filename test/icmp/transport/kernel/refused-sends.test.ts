import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
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
  assert.equal(ip("addr add 2001:db8:5::1/128 dev lo nodad"), undefined);
  assert.equal(ip("route add prohibit 198.51.100.0/24"), undefined);
  assert.equal(ip("-6 route add prohibit 2001:db8:1::/48"), undefined);
});

for (const kind of SOCKET_TRANSPORTS) {
  for (const family of ["ipv4", "ipv6"] as const) {
    describe(`the ${kind} transport after refused sends, ${family}`, () => {
      const own = LOOPBACK[family];

      const refusals = [
        {
          name: "no route",
          address: family === "ipv4" ? "192.0.2.1" : "2001:db8::1",
          errno: "ENETUNREACH",
        },
        {
          name: "a prohibit route",
          address: family === "ipv4" ? "198.51.100.1" : "2001:db8:1::1",
          errno: "EACCES",
        },
        {
          name: "a firewall's drop rule",
          address: family === "ipv4" ? "127.0.0.9" : "2001:db8:5::1",
          errno: "EPERM",
        },
      ] as const;
      for (const { name, address, errno } of refusals) {
        test(`after a send refused by ${name} every echo keeps its own stamp`, {
          skip,
        }, async (t) => {
          if (errno === "EPERM") {
            const rule = family === "ipv4" ? `ip daddr ${address}` : `ip6 daddr ${address}`;
            const problem = nft(
              `add table inet t; add chain inet t out { type filter hook output priority 0; }; add rule inet t out ${rule} drop`,
            );
            if (problem !== undefined) {
              t.skip(`nft does not work here: ${problem}`);
              return;
            }
            t.after(() => nft("delete table inet t"));
          }
          using wire = new Wire(kind, family);
          wire.transport.openProfile(profile(family));
          const good: number[] = [];
          const bad: number[] = [];
          // First alone, then first, last, doubled and scattered within batches.
          bad.push(wire.send(address));
          good.push(wire.send(own));
          for (const pattern of ["bg", "gb", "bbg", "gbbgbg", "b", "gggggb", "g"]) {
            for (const letter of pattern.repeat(13)) {
              if (letter === "g") good.push(wire.queue(own));
              else bad.push(wire.queue(address));
            }
            wire.flush();
            wire.transport.drainErrors(wire.log);
          }
          for (let at = 0; at < 300; at += 1) good.push(wire.queue(own));
          wire.flush();
          await wire.replies(good.length);
          wire.check(good);
          if (errno === "EPERM" && kind === "dgram" && family === "ipv6") {
            // The kernel does not tell: ping_v6_sendmsg drops what its output path returns (net/ipv6/ping.c).
            assert.equal(wire.log.refused.size, 0);
            for (const slot of bad) assert.ok(!wire.log.stamps.has(slot));
            return;
          }
          assert.deepEqual([...wire.log.refused.keys()], bad);
          const names = new Set([...wire.log.refused.values()].map(wire.libc.errnoName));
          assert.deepEqual([...names], [errno]);
        });
      }
    });
  }
}
