import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { isSameAddress, socketAddress } from "../../../../src/icmp/transport/socket-address.ts";
import { IcmpSocketError } from "../../../../src/icmp/transport.ts";
import { enterOwnNetwork, ip } from "../../../support/own-network.ts";
import {
  FIRST_IDENTIFIER,
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
});

/** What this network's own replies leave with. */
function setDefaultHopLimit(family: "ipv4" | "ipv6", hopLimit: number): void {
  const setting = family === "ipv4" ? "ipv4/ip_default_ttl" : "ipv6/conf/lo/hop_limit";
  writeFileSync(`/proc/sys/net/${setting}`, `${hopLimit}`);
}

for (const kind of SOCKET_TRANSPORTS) {
  for (const family of ["ipv4", "ipv6"] as const) {
    describe(`the ${kind} transport, ${family}`, () => {
      const own = LOOPBACK[family];

      test("one echo gives a transmit stamp and a stamped reply", { skip }, async () => {
        using wire = new Wire(kind, family);
        wire.transport.openProfile(profile(family));
        const slot = wire.send(own);
        await wire.replies(1);
        wire.check([slot]);
        const [reply] = wire.log.replies;
        assert.equal(reply?.bytes, 64);
        assert.equal(reply?.hopLimit, 64);
        assert.ok(reply !== undefined);
        const isVersion6 = family === "ipv6";
        const sentTo = socketAddress(own, wire.libc);
        assert.ok(isSameAddress(isVersion6, reply.source, 0, sentTo, 0));
        const { transport, transmitStamp } = wire.transport.figures();
        assert.deepEqual([transport, transmitStamp], [kind, "kernel"]);
      });

      test("a thousand echoes in batches keep their stamps apart", { skip }, async () => {
        using wire = new Wire(kind, family);
        wire.transport.openProfile(profile(family));
        const slots = Array.from({ length: 1000 }, () => wire.queue(own));
        wire.flush();
        await wire.replies(slots.length);
        wire.check(slots);
      });

      test("payloads of every small size, the largest and sizes mixed come back whole", {
        skip,
      }, async () => {
        using wire = new Wire(kind, family);
        wire.transport.openProfile(profile(family));
        wire.transport.reservePayload(65_507);
        const sizes = [
          ...Array.from({ length: 40 }, (_, at) => at),
          65_507,
          1,
          65_507,
          1472,
          7,
          9000,
        ];
        const slots = sizes.map((payloadBytes) => wire.queue(own, { payloadBytes }));
        wire.flush();
        await wire.replies(slots.length);
        wire.check(slots);
        for (const { slot, bytes } of wire.log.replies) assert.equal(bytes, 8 + (sizes[slot] ?? 0));
      });

      test("echoes on both sides of a border of 65,536 slots are told apart", {
        skip,
      }, async () => {
        using wire = new Wire(kind, family, { firstSlot: 0x1_0000 - 50 });
        wire.transport.openProfile(profile(family));
        const slots = Array.from({ length: 100 }, () => wire.queue(own));
        wire.flush();
        await wire.replies(slots.length);
        wire.check(slots);
      });

      test("a reply tells the hop limit that it came with", { skip }, async (t) => {
        t.after(() => setDefaultHopLimit(family, 64));
        setDefaultHopLimit(family, 57);
        using wire = new Wire(kind, family);
        wire.transport.openProfile(profile(family));
        wire.send(own);
        await wire.replies(1);
        assert.equal(wire.log.replies[0]?.hopLimit, 57);
      });

      test("two profiles send by sockets of their own, and every echo is answered once", {
        skip,
      }, async () => {
        using wire = new Wire(kind, family);
        const first = wire.transport.openProfile(profile(family));
        const second = wire.transport.openProfile(profile(family, { hopLimit: 33, dscp: 46 }));
        assert.equal(wire.transport.openProfile(profile(family)), first);
        assert.notEqual(first, second);
        const slots: number[] = [];
        for (let at = 0; at < 200; at += 1) {
          slots.push(wire.queue(own, { profile: at % 3 === 0 ? first : second }));
        }
        wire.flush();
        await wire.replies(slots.length);
        wire.check(slots);
      });

      test("another process' replies do not reach us", { skip }, async () => {
        using wire = new Wire(kind, family);
        using other = new Wire(kind, family, { firstIdentifier: FIRST_IDENTIFIER + 0x10 });
        wire.transport.openProfile(profile(family));
        other.transport.openProfile(profile(family));
        for (let at = 0; at < 20; at += 1) other.send(own);
        const slot = wire.send(own);
        await other.replies(20);
        await wire.replies(1);
        wire.check([slot]);
        assert.equal(wire.log.foreignPackets, 0);
        assert.equal(wire.transport.readDrops(), 0, "what a filter refuses is not dropped");
      });

      test("what a small receive buffer cannot hold is counted as dropped", {
        skip,
      }, async () => {
        using wire = new Wire(kind, family, { receiveBufferBytes: 4096 });
        wire.transport.openProfile(profile(family));
        assert.equal(wire.transport.readDrops(), 0);
        for (let at = 0; at < 500; at += 1) wire.queue(own);
        wire.flush();
        wire.transport.drainReplies(wire.log);
        const drops = wire.transport.readDrops();
        const lost = 500 - wire.log.replies.length;
        assert.ok(lost > 0);
        // On loopback the requests arrive as well, and the kernel looks at the buffer before the filter.
        assert.ok(drops >= lost, `${drops} drops, ${lost} replies lost`);
        assert.ok(wire.transport.figures().receiveBufferBytes >= 4096);
      });

      test("close() gives back every descriptor", { skip }, () => {
        const descriptors = (): number => readdirSync("/proc/self/fd").length;
        const before = descriptors();
        {
          using wire = new Wire(kind, family);
          wire.transport.openProfile(profile(family));
          wire.transport.openProfile(profile(family, { hopLimit: 3 }));
          assert.equal(descriptors(), before + 3);
        }
        assert.equal(descriptors(), before);
      });

      const source = family === "ipv4" ? "127.0.0.5" : "2001:db8:5::1";
      test("a profile sends from its source, interface and mark", { skip }, async () => {
        using wire = new Wire(kind, family);
        const bound = profile(family, { source, interface: "lo", mark: 7 });
        const target = family === "ipv4" ? own : source;
        const slot = wire.queue(target, { profile: wire.transport.openProfile(bound) });
        wire.flush();
        await wire.replies(1);
        wire.check([slot]);
      });

      const impossible = [
        {
          name: "a source address that is not ours",
          changed: { source: family === "ipv4" ? "192.0.2.1" : "2001:db8::1" },
          want: /^Cannot set source address \S+ on the ipv[46] ICMP socket: EADDRNOTAVAIL$/,
        },
        {
          name: "an interface that is not there",
          changed: { interface: "nope0" },
          want: /^Cannot set interface nope0 on the ipv[46] ICMP socket: ENODEV$/,
        },
      ] as const;
      for (const { name, changed, want } of impossible) {
        test(`openProfile() says what is wrong with ${name}, and leaves nothing open`, {
          skip,
        }, () => {
          using wire = new Wire(kind, family);
          const before = readdirSync("/proc/self/fd").length;
          assert.throws(
            () => wire.transport.openProfile(profile(family, changed)),
            (error) => error instanceof IcmpSocketError && want.test(error.message),
          );
          assert.equal(readdirSync("/proc/self/fd").length, before);
        });
      }

      test("openProfile() has a limit and names it", { skip }, () => {
        using wire = new Wire(kind, family);
        for (let hopLimit = 1; hopLimit <= 64; hopLimit += 1) {
          wire.transport.openProfile(profile(family, { hopLimit }));
        }
        assert.throws(
          () => wire.transport.openProfile(profile(family, { hopLimit: 65 })),
          /at most 64 different sets of socket options/,
        );
        assert.equal(wire.transport.openProfile(profile(family, { hopLimit: 5 })), 4);
      });
    });
  }
}

for (const family of ["ipv4", "ipv6"] as const) {
  test(`the dgram transport says what to widen where nobody may open ping sockets, ${family}`, {
    skip,
  }, (t) => {
    t.after(openPingGroups);
    writeFileSync("/proc/sys/net/ipv4/ping_group_range", "1 0");
    assert.throws(
      () => new Wire("dgram", family),
      (error) =>
        error instanceof IcmpSocketError &&
        error.errno === "EACCES" &&
        /widen net\.ipv4\.ping_group_range/.test(error.message),
    );
  });
}
