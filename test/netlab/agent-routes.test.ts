import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleValue } from "../support/exposition.ts";
import { canRunLab } from "./can-run.ts";
import type { Scrape } from "./icmp-figures.ts";
import { assertRightBetween, measuring, steadyHosts, unsentOf } from "./measuring.ts";
import { DEVICE, ip, OWN_ADDRESSES } from "./network.ts";

const skip = (await canRunLab()) ?? false;

/** What became of the way to some targets, and what the kernel then says to whoever sends there. */
const FAULTS = [
  { name: "a route that is gone", errno: "ENETUNREACH", route: undefined },
  { name: "an unreachable route", errno: "EHOSTUNREACH", route: "unreachable" },
  { name: "a prohibit route", errno: "EACCES", route: "prohibit" },
  { name: "a blackhole route", errno: "EINVAL", route: "blackhole" },
] as const;

const HEALTHY = steadyHosts(85, 6);
const healthy = HEALTHY.map(({ address }) => address);
const CUT_OFF = FAULTS.map((fault, index) => ({
  ...fault,
  networks: [`10.85.${index + 1}.0/24`, `-6 fd85::${index + 1}:0/112`],
  hosts: steadyHosts(85, 2, index + 1),
}));
const cutOff = CUT_OFF.flatMap(({ hosts }) => hosts.map(({ address }) => address));

const flagged = (network: string, command: string): void => {
  const isIpv6 = network.startsWith("-6 ");
  ip(`${isIpv6 ? "-6 " : ""}route ${command.replace("NETWORK", network.replace("-6 ", ""))}`);
};

/** The way to the healthy targets stays; every other is told apart, and the one to everywhere is gone. */
function cut(): void {
  for (const [network, source] of [
    ["10.85.0.0/24", OWN_ADDRESSES.ipv4],
    ["-6 fd85::/112", OWN_ADDRESSES.ipv6],
  ] as const) {
    flagged(network, `add NETWORK dev ${DEVICE} src ${source}`);
  }
  for (const { route, networks } of CUT_OFF) {
    if (route !== undefined)
      for (const network of networks) flagged(network, `add ${route} NETWORK`);
  }
  ip(`route del default dev ${DEVICE}`);
  ip(`-6 route del default dev ${DEVICE}`);
}

function mend(reconnect: () => void): void {
  reconnect();
  for (const { route, networks } of CUT_OFF) {
    if (route !== undefined)
      for (const network of networks) flagged(network, `del ${route} NETWORK`);
  }
}

/** Echoes that ended or were refused; streams of one interval have the same, but for one in flight and one not yet due. */
function endedOf(page: Scrape, target: string): number {
  const { echoes, suspect, unsent } = page.icmp({ target });
  return echoes + suspect + unsent;
}

test("targets whose route is gone are unsent; all others, and all afterwards, are measured right", {
  skip,
}, async (t) => {
  await measuring(
    { seed: 25, targets: [...HEALTHY, ...CUT_OFF.flatMap(({ hosts }) => hosts)] },
    async (measurement) => {
      const { lab, scrape, untilMore } = measurement;
      const all = [...healthy, ...cutOff];
      const before = await untilMore(all, 2);
      assert.equal(unsentOf(before, all), 0);

      cut();
      const begun = await scrape();
      const during = await untilMore(cutOff, 5, begun, "unsent");
      for (const { name, errno, hosts } of CUT_OFF) {
        for (const { address } of hosts.slice(0, 2)) {
          await t.test(`${name} makes an echo to ${address} unsent for ${errno}`, async () => {
            const { kind, reason } = await measurement.echoNow(address);
            assert.deepEqual([kind, reason], ["unsent", errno]);
          });
        }
      }
      mend(lab.reconnect);

      const restored = await untilMore(all, 1, await scrape(), "answered");
      const after = await untilMore(all, 4, restored, "answered");
      assert.equal(unsentOf(after, healthy), 0);
      assert.equal(unsentOf(after, cutOff), unsentOf(restored, cutOff));
      const missed =
        sampleValue(after.families, "sounder_agent_missed_ticks_total", { prober: "icmp" }) ?? 0;
      for (const target of all) {
        // What was on its way when the routes went was answered: replies come by the device, not by routes.
        assert.equal(after.icmp({ target }).lost, 0, target);
        const apart = Math.abs(endedOf(after, target) - endedOf(after, healthy[0] ?? ""));
        assert.ok(apart <= 2 + missed, `${target}: ${apart} echoes more or less than another`);
        assertRightBetween(during, after, await lab.record(target));
      }
      for (const target of healthy) assertRightBetween(before, during, await lab.record(target));
      assert.equal(sampleValue(after.families, "sounder_agent_icmp_stamp_missing_total"), 0);
    },
  );
});
