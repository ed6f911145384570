import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { addressText } from "../../../../src/icmp/transport/address-text.ts";
import { enterOwnNetwork, ip } from "../../../support/own-network.ts";
import {
  addRouter,
  BEHIND_ROUTER,
  NEAR,
  ROUTER,
  type Router,
} from "../../../support/router-network.ts";
import {
  LOOPBACK,
  openPingGroups,
  profile,
  SOCKET_TRANSPORTS,
  Wire,
} from "../../../support/wire.ts";

// At the start and on this thread: sockets opened from here on belong to the network of the test.
const skip = (await enterOwnNetwork()) ?? false;

let router: Router | undefined;

before(async () => {
  if (skip !== false) return;
  openPingGroups();
  assert.equal(ip("addr add 2001:db8:5::1/128 dev lo nodad"), undefined);
  router = await addRouter();
  assert.equal(router.problem, undefined);
});

after(() => router?.close());

const REASONS = [
  "net_unreachable",
  "host_unreachable",
  "prohibited",
  "ttl_exceeded",
] as const satisfies readonly (keyof typeof BEHIND_ROUTER)[];

for (const kind of SOCKET_TRANSPORTS) {
  for (const family of ["ipv4", "ipv6"] as const) {
    describe(`the ${kind} transport and ICMP errors, ${family}`, () => {
      const own = LOOPBACK[family];
      const source = NEAR[family][SOCKET_TRANSPORTS.indexOf(kind)];

      for (const reason of REASONS) {
        test(`${reason} comes with its echo and the address of who reported it`, {
          skip,
        }, async () => {
          using wire = new Wire(kind, family);
          const hopLimit = reason === "ttl_exceeded" ? 1 : 64;
          wire.transport.openProfile(profile(family, { source, hopLimit }));
          // The echoes around it are answered, and have nothing to explain.
          const answered = [wire.send(own)];
          const lost = wire.send(BEHIND_ROUTER[reason][family]);
          await wire.errors(1);
          answered.push(wire.send(own));
          await wire.replies(2);
          const [error] = wire.log.errors;
          assert.ok(error !== undefined);
          assert.equal(wire.log.errors.length, 1);
          assert.equal(error.slot, lost);
          assert.equal(error.reason, reason);
          assert.equal(addressText(family, error.target, 0), BEHIND_ROUTER[reason][family]);
          assert.equal(addressText(family, error.reporter, 0), ROUTER[family]);
          assert.equal(wire.log.refused.size, 0);
          wire.check(answered);
        });
      }

      test("a pending error of one target never makes an echo to another unsent", {
        skip,
      }, async () => {
        using wire = new Wire(kind, family);
        // Errors of this kind are not limited; those of the routing table are (net/ipv4/route.c, ip_error).
        wire.transport.openProfile(profile(family, { hopLimit: 1 }));
        const dark = BEHIND_ROUTER.ttl_exceeded[family];
        const answered: number[] = [];
        const lost: number[] = [];
        // Each send finds the errors of those before it, and none is read in between.
        for (let at = 0; at < 200; at += 1) {
          lost.push(wire.send(dark));
          answered.push(wire.send(own));
        }
        // Within one call the errors come while it runs.
        for (let at = 0; at < 300; at += 1) {
          lost.push(wire.queue(dark));
          answered.push(wire.queue(own));
        }
        wire.flush();
        await wire.replies(answered.length);
        await wire.errors(lost.length);
        assert.deepEqual([...wire.log.refused], []);
        assert.deepEqual(
          wire.log.errors.map(({ slot }) => slot).toSorted((a, b) => a - b),
          lost,
        );
        wire.check(answered);
      });
    });
  }
}
