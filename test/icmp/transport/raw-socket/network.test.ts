import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { constants } from "node:os";
import { before, describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { addressText } from "../../../../src/icmp/transport/address-text.ts";
import { IcmpSocketError } from "../../../../src/icmp/transport.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { enterOwnNetwork, ip, nft } from "../../../support/own-network.ts";
import { until } from "../../../support/until.ts";
import { DEADLINE_SECONDS, FIRST_IDENTIFIER, packageAbsence, RawWire } from "./wire.ts";

const FAMILIES = ["ipv4", "ipv6"] as const;
const OWN = { ipv4: "127.0.0.1", ipv6: "::1" } as const;
const SOURCE = { ipv4: "127.0.0.2", ipv6: "2001:db8:5::2" } as const;
/** Local addresses whose echoes the firewall answers, or stops on their way out. */
const REJECTED = { ipv4: "127.0.0.9", ipv6: "2001:db8:5::9" } as const;
const FORBIDDEN = { ipv4: "127.0.0.10", ipv6: "2001:db8:5::a" } as const;
const UNROUTED = { ipv4: "192.0.2.1", ipv6: "2001:db8:6::1" } as const;
/** The firewall lets in one kind of echo for it. */
const CHOOSY = { ipv4: "127.0.0.11", ipv6: "2001:db8:5::b" } as const;
const ADDRESSES = [SOURCE.ipv6, REJECTED.ipv6, FORBIDDEN.ipv6, CHOOSY.ipv6];

const FIREWALL = `
  table inet lab {
    chain in {
      type filter hook input priority 0
      ip daddr ${REJECTED.ipv4} icmp type echo-request reject with icmp type admin-prohibited
      ip6 daddr ${REJECTED.ipv6} icmpv6 type echo-request reject with icmpv6 type port-unreachable
      ip daddr ${CHOOSY.ipv4} icmp type echo-request ip ttl 7 ip dscp ef accept
      ip daddr ${CHOOSY.ipv4} icmp type echo-request drop
      ip6 daddr ${CHOOSY.ipv6} icmpv6 type echo-request ip6 hoplimit 7 ip6 dscp ef accept
      ip6 daddr ${CHOOSY.ipv6} icmpv6 type echo-request drop
    }
    chain out {
      type filter hook output priority 0
      ip daddr ${FORBIDDEN.ipv4} drop
      ip6 daddr ${FORBIDDEN.ipv6} drop
    }
  }`;

// At the start and on this thread: sockets opened from here on belong to the network of the test.
const noNetwork = await enterOwnNetwork();
const skip = noNetwork ?? packageAbsence ?? false;

describe("the transport over raw-socket, on loopback", () => {
  before(() => {
    if (skip !== false) return;
    for (const address of ADDRESSES) {
      assert.equal(ip(`addr add ${address}/128 dev lo nodad`), undefined);
    }
    assert.equal(ip("addr add fe80::77/64 dev lo nodad"), undefined);
    assert.equal(nft(FIREWALL), undefined);
  });

  for (const family of FAMILIES) {
    const own = OWN[family];

    test(`${family}: echoes are answered once each, by the event loop's reading`, {
      skip,
    }, async () => {
      using wire = new RawWire(family);
      wire.profile();
      const slots = Array.from({ length: 200 }, () => wire.queue(own));
      await until(() => wire.arrivals > 0, {
        deadlineSeconds: DEADLINE_SECONDS,
        what: "word of an arrival",
      });
      await wire.replies(slots.length);
      wire.check(slots);
      const [reply] = wire.log.replies;
      assert.ok(reply !== undefined);
      assert.equal(addressText(family, reply.source, 0), own);
      assert.equal(reply.hopLimit, family === "ipv4" ? 64 : Number.NaN);
      assert.equal(wire.log.foreignPackets, 0);
    });

    test(`${family}: replies are had without a turn of the event loop`, { skip }, () => {
      using wire = new RawWire(family);
      wire.profile();
      const slots = Array.from({ length: 50 }, () => wire.queue(own));
      const deadlineSeconds = systemClock.monotonicSeconds() + DEADLINE_SECONDS;
      while (wire.log.replies.length < slots.length) {
        assert.ok(systemClock.monotonicSeconds() < deadlineSeconds);
        wire.drain();
      }
      wire.check(slots);
    });

    test(`${family}: payloads of every small size and the largest come back whole`, {
      skip,
    }, async () => {
      using wire = new RawWire(family);
      wire.profile();
      wire.profile({ source: SOURCE[family] });
      wire.transport.reservePayload(65_507);
      const sizes = [...Array.from({ length: 20 }, (_, at) => at), 65_507, 1, 1472, 7, 9000];
      const slots: number[] = [];
      for (const profile of [0, 1]) {
        for (const payloadBytes of sizes) slots.push(wire.queue(own, { profile, payloadBytes }));
      }
      await wire.replies(slots.length);
      wire.check(slots);
      for (const { slot, bytes } of wire.log.replies) {
        assert.equal(bytes, 8 + (sizes[slots.indexOf(slot) % sizes.length] ?? 0));
      }
    });

    test(`${family}: a link with a small MTU takes echoes of every size, with a source too`, {
      skip,
    }, async (context) => {
      assert.equal(ip("link set lo mtu 1500"), undefined);
      context.after(() => assert.equal(ip("link set lo mtu 65536"), undefined));
      using wire = new RawWire(family);
      wire.profile();
      wire.profile({ source: SOURCE[family] });
      wire.transport.reservePayload(65_507);
      const slots: number[] = [];
      for (const payloadBytes of [1400, 1480, 4000, 65_507]) {
        for (const profile of [0, 1]) slots.push(wire.queue(own, { profile, payloadBytes }));
        await wire.replies(slots.length);
      }
      wire.check(slots);
    });

    for (const source of [undefined, SOURCE[family]]) {
      const whose = source === undefined ? "the kernel's" : "our own";
      test(`${family}: hop limit and DSCP are as the profile says, in ${whose} header`, {
        skip,
      }, async () => {
        using wire = new RawWire(family);
        const others = [
          wire.profile({ source, hopLimit: 8, dscp: 46 }),
          wire.profile({ source, hopLimit: 7, dscp: 45 }),
        ];
        const right = wire.profile({ source, hopLimit: 7, dscp: 46 });
        for (const profile of others) wire.queue(CHOOSY[family], { profile });
        const slot = wire.queue(CHOOSY[family], { profile: right });
        await wire.replies(1);
        wire.check([slot]);
      });
    }

    test(`${family}: a profile sends from its source, interface and mark`, {
      skip,
    }, async (context) => {
      const [protocol, echo] = family === "ipv4" ? ["ip", "icmp"] : ["ip6", "icmpv6"];
      assert.equal(
        nft(`table inet only {
          chain out {
            type filter hook output priority 1
            ${echo} type echo-request ${protocol} saddr ${SOURCE[family]} oifname lo meta mark 7 accept
            ${echo} type echo-request drop
          }
        }`),
        undefined,
      );
      context.after(() => assert.equal(nft("delete table inet only"), undefined));
      using wire = new RawWire(family);
      wire.profile({ source: SOURCE[family], interface: "lo", mark: 7 });
      wire.profile({ interface: "lo", mark: 7 });
      const refused = wire.queue(own, { profile: 1 });
      const slot = wire.queue(own);
      await wire.replies(1);
      assert.deepEqual([...wire.log.refused], [[refused, constants.errno.EPERM]]);
      wire.log.refused.clear();
      wire.check([slot]);
    });

    test(`${family}: an ICMP error names the echo, the reason and who sent it`, {
      skip,
    }, async () => {
      using wire = new RawWire(family);
      wire.profile();
      const slot = wire.queue(REJECTED[family]);
      await until(
        () => {
          wire.drain();
          return wire.log.errors.length > 0;
        },
        { deadlineSeconds: DEADLINE_SECONDS, what: "an ICMP error" },
      );
      const [error] = wire.log.errors;
      assert.ok(error !== undefined);
      assert.equal(error.slot, slot);
      assert.equal(error.reason, family === "ipv4" ? "prohibited" : "port_unreachable");
      assert.equal(addressText(family, error.reporter, 0), REJECTED[family]);
      const next = wire.queue(own);
      await wire.replies(1);
      wire.check([next]);
    });

    const refusals = [
      { name: "no route leads", address: UNROUTED[family], want: "ENETUNREACH" },
      { name: "the firewall forbids", address: FORBIDDEN[family], want: "EPERM" },
    ] as const;
    for (const { name, address, want } of refusals) {
      test(`${family}: an echo to where ${name} is unsent with ${want}, and the next is sent`, {
        skip,
      }, async () => {
        using wire = new RawWire(family);
        wire.profile();
        wire.profile({ source: SOURCE[family] });
        const refused = [0, 1].map((profile) => wire.queue(address, { profile }));
        const errno = constants.errno[want];
        assert.deepEqual(
          [...wire.log.refused],
          refused.map((slot) => [slot, errno]),
        );
        wire.log.refused.clear();
        const slot = wire.queue(own);
        await wire.replies(1);
        wire.check([slot]);
      });
    }

    test(`${family}: another process' replies do not reach us`, { skip }, async () => {
      using wire = new RawWire(family);
      using other = new RawWire(family, { firstIdentifier: FIRST_IDENTIFIER + 0x10 });
      wire.profile();
      other.profile();
      for (let at = 0; at < 20; at += 1) other.queue(own);
      const slot = wire.queue(own);
      await other.replies(20);
      await wire.replies(1);
      wire.check([slot]);
      assert.equal(wire.log.foreignPackets, 0);
      assert.equal(wire.transport.readDrops(), 0);
    });

    test(`${family}: what a small receive buffer cannot hold is counted as dropped`, {
      skip,
    }, () => {
      using wire = new RawWire(family, { receiveBufferBytes: 4096 });
      wire.profile();
      assert.equal(wire.transport.readDrops(), 0);
      for (let at = 0; at < 500; at += 1) wire.queue(own);
      wire.drain();
      const lost = 500 - wire.log.replies.length;
      assert.ok(lost > 0);
      assert.ok(wire.transport.readDrops() >= lost);
      assert.ok(wire.transport.figures().receiveBufferBytes >= 4096);
    });

    test(`${family}: close() gives back every descriptor`, { skip }, async () => {
      const descriptors = (): number => readdirSync("/proc/self/fd").length;
      await nextTurn();
      const before = descriptors();
      {
        using wire = new RawWire(family);
        wire.profile();
        wire.profile({ hopLimit: 3 });
        assert.equal(descriptors(), before + 3);
      }
      assert.equal(descriptors(), before);
    });

    const impossible = [
      {
        name: "a source address that is not ours",
        changed: { source: UNROUTED[family] },
        want: /^Cannot set source address \S+ on the ipv[46] ICMP socket: EADDRNOTAVAIL$/,
      },
      {
        name: "an interface that is not there",
        changed: { interface: "nope0" },
        want: /^Cannot set interface nope0 on the ipv[46] ICMP socket: ENODEV$/,
      },
    ] as const;
    for (const { name, changed, want } of impossible) {
      test(`${family}: openProfile() says what is wrong with ${name}, and leaves nothing open`, {
        skip,
      }, () => {
        using wire = new RawWire(family);
        const before = readdirSync("/proc/self/fd").length;
        assert.throws(
          () => wire.profile(changed),
          (error) => error instanceof IcmpSocketError && want.test(error.message),
        );
        assert.equal(readdirSync("/proc/self/fd").length, before);
      });
    }
  }

  test("DF keeps an echo from being fragmented, with a source and without", { skip }, (context) => {
    assert.equal(ip("link set lo mtu 1500"), undefined);
    context.after(() => assert.equal(ip("link set lo mtu 65536"), undefined));
    using wire = new RawWire("ipv4");
    wire.profile({ isFragmentingForbidden: true });
    wire.profile({ isFragmentingForbidden: true, source: SOURCE.ipv4 });
    for (const profile of [0, 1]) wire.queue(OWN.ipv4, { profile, payloadBytes: 1473 });
    assert.deepEqual(
      [...wire.log.refused.values()],
      [constants.errno.EMSGSIZE, constants.errno.EMSGSIZE],
    );
  });

  test("a link-local target is reached through its zone, with a source too", { skip }, async () => {
    using wire = new RawWire("ipv6");
    wire.profile();
    wire.profile({ source: "fe80::77%lo" });
    const slots = [0, 1].map((profile) => wire.queue("fe80::77%lo", { profile }));
    await wire.replies(2);
    wire.check(slots);
  });
});
