import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleValue } from "../support/exposition.ts";
import { canRunLab } from "./can-run.ts";
import {
  assertRightBetween,
  type Measurement,
  measuring,
  steadyHosts,
  unsentOf,
} from "./measuring.ts";
import { DEVICE, nft, tc } from "./network.ts";

const skip = (await canRunLab()) ?? false;

const HEALTHY = steadyHosts(84, 6);
const REFUSED = steadyHosts(84, 3, 9);
const REFUSED_NETWORKS = { ipv4: "10.84.9.0/24", ipv6: "fd84::9:0/112" } as const;
const healthy = HEALTHY.map(({ address }) => address);
const refused = REFUSED.map(({ address }) => address);

/** One way in which the kernel refuses to send to some targets, and its own count of refused packets. */
type Refusal = {
  readonly name: string;
  readonly errno: string;
  readonly begin: () => void;
  readonly end: () => void;
  readonly packets: () => number;
};

const REFUSALS: readonly Refusal[] = [
  {
    name: "a firewall's drop rule",
    errno: "EPERM",
    begin: () => {
      nft(`add table inet t
        add counter inet t refused
        add chain inet t out { type filter hook output priority 0; }
        add rule inet t out ip daddr ${REFUSED_NETWORKS.ipv4} counter name refused drop
        add rule inet t out ip6 daddr ${REFUSED_NETWORKS.ipv6} counter name refused drop`);
    },
    end: () => {
      nft("flush chain inet t out");
    },
    packets: () => Number(/packets (\d+)/.exec(nft("list counter inet t refused"))?.[1]),
  },
  {
    // A queue without room: what enters it is dropped at once, and the sender is told.
    name: "a full transmit queue",
    errno: "ENOBUFS",
    begin: () => {
      tc(`qdisc replace dev ${DEVICE} root handle 1: htb`);
      tc(`class add dev ${DEVICE} parent 1: classid 1:1 htb rate 1gbit`);
      tc(`qdisc add dev ${DEVICE} parent 1:1 handle 2: pfifo limit 0`);
      for (const [protocol, match] of [
        ["ip", `ip dst ${REFUSED_NETWORKS.ipv4}`],
        ["ipv6", `ip6 dst ${REFUSED_NETWORKS.ipv6}`],
      ]) {
        tc(
          `filter add dev ${DEVICE} parent 1: protocol ${protocol} prio ${protocol === "ip" ? 1 : 2} u32 match ${match} flowid 1:1`,
        );
      }
    },
    end: () => {
      for (const prio of [1, 2]) tc(`filter del dev ${DEVICE} parent 1: prio ${prio}`);
    },
    packets: () =>
      Number(/pfifo 2:[^]*?dropped (\d+)/.exec(tc(`-s qdisc show dev ${DEVICE}`))?.[1]),
  },
];

for (const refusal of REFUSALS) {
  test(`sends refused by ${refusal.name} are unsent, each one, and no target's loss`, {
    skip,
  }, async (t) => {
    await measuring({ seed: 24, targets: [...HEALTHY, ...REFUSED] }, async (measurement) => {
      const { lab, scrape, untilMore } = measurement;
      const before = await untilMore([...healthy, ...refused], 2);

      refusal.begin();
      const begun = await scrape();
      const during = await untilMore(refused, 4, begun, "unsent");
      await t.test(`one echo by hand is unsent for ${refusal.errno}`, async () => {
        for (const target of refused.slice(0, 2)) {
          const { kind, reason } = await measurement.echoNow(target);
          assert.deepEqual([kind, reason], ["unsent", refusal.errno], target);
        }
      });
      refusal.end();

      // Nothing is refused any more: both counts stand still.
      const restored = await untilMore([...healthy, ...refused], 1, await scrape(), "answered");
      const byHand = 2;
      assert.equal(unsentOf(restored, refused) + byHand, refusal.packets());
      assert.equal(unsentOf(restored, healthy), 0);
      assert.equal(unsentOf(before, refused), 0);
      const after = await untilMore([...healthy, ...refused], 4, restored, "answered");
      assert.equal(unsentOf(after, refused), unsentOf(restored, refused));
      for (const target of [...healthy, ...refused]) {
        assert.equal(after.icmp({ target }).lost, 0, target);
        assertRightBetween(during, after, await lab.record(target));
      }
      for (const target of healthy) assertRightBetween(before, during, await lab.record(target));
      assertNoStampIsMissing(after.families);
    });
  });
}

function assertNoStampIsMissing(
  families: Awaited<ReturnType<Measurement["scrape"]>>["families"],
): void {
  assert.equal(sampleValue(families, "sounder_agent_icmp_stamp_missing_total"), 0);
}
