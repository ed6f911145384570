import assert from "node:assert/strict";
import { test } from "node:test";
import { samplesOf, sampleValue } from "../support/exposition.ts";
import { canRunLab } from "./can-run.ts";
import { assertCountsEqual, type Scrape } from "./icmp-figures.ts";
import type { Lab } from "./lab.ts";
import {
  INTERVAL_SECONDS,
  type Measured,
  measuring,
  steadyHosts,
  TIMEOUT_SECONDS,
} from "./measuring.ts";
import type { HostScript } from "./script.ts";

const skip = (await canRunLab()) ?? false;

/** Flips the cookie and its complement: an echo of Sounder as well formed as the right one. */
const WRONG_COOKIE = { invertedBytes: 8 };
/** Beyond all that can be in flight here, within the block of identifiers that the socket lets through. */
const OTHER_SEQUENCE = { sequenceOffset: 0x4000 };

const FORGERIES: readonly {
  readonly name: string;
  /** @param other Another target of the agent, of the same family. */
  readonly forge: (other: string) => NonNullable<HostScript["forge"]>;
}[] = [
  { name: "with the cookie of another echo", forge: () => WRONG_COOKIE },
  { name: "from an address that nobody asked", forge: (other) => ({ source: `${other}99` }) },
  {
    name: "right in all but that it comes from another target",
    forge: (other) => ({ source: other }),
  },
  {
    name: "from another target with the cookie of another echo",
    forge: (other) => ({ source: other, ...WRONG_COOKIE }),
  },
  { name: "with a sequence number not in use", forge: () => OTHER_SEQUENCE },
];
const FAMILIES = [
  { family: "ipv4", other: "10.87.0.1", address: (number: number) => `10.87.1.${number}` },
  { family: "ipv6", other: "fd87::1", address: (number: number) => `fd87::1:${number}` },
] as const;

const FORGED = FORGERIES.flatMap(({ name, forge }, index) =>
  FAMILIES.flatMap(({ family, other, address }) =>
    [true, false].map((alsoAnswers) => ({
      name: `${name} (${family})${alsoAnswers ? ", before the right one" : ", in its place"}`,
      alsoAnswers,
      address: address(2 * index + (alsoAnswers ? 1 : 2)),
      script: { delaySeconds: 0.01, forge: { ...forge(other), alsoAnswers } },
    })),
  ),
);

/** Nothing that could make a difference is on its way after this. */
async function silence(lab: Lab, targets: readonly string[]): Promise<void> {
  await lab.hosts(targets.map((address) => [address, { loss: { probability: 1 } }]));
}

function assertNoFault({ families }: Scrape): void {
  for (const { labels, value } of samplesOf(families, "sounder_agent_icmp_socket_drops_total")) {
    assert.equal(value, 0, `drops of ${labels["family"]}`);
  }
  const causes = samplesOf(families, "sounder_agent_measurement_suspect");
  assert.deepEqual(
    causes.filter(({ value }) => value !== 0),
    [],
  );
}

test("a reply forged for another answers nothing, and each is counted as foreign", {
  skip,
}, async (t) => {
  const targets = [...steadyHosts(87, 1), ...FORGED];
  const addresses = targets.map(({ address }) => address);
  await measuring({ seed: 28, targets }, async ({ lab, untilMore }) => {
    const busy = await untilMore(addresses, 6);
    await silence(lab, addresses);
    const page = await untilMore(addresses, 3, busy);
    let forged = 0;
    for (const { name, address, alsoAnswers } of FORGED) {
      await t.test(name, async () => {
        const record = await lab.record(address);
        const figures = page.icmp({ target: address });
        assertCountsEqual(figures, record, TIMEOUT_SECONDS);
        assert.ok(record.totals.packets.forged >= 6);
        forged += record.totals.packets.forged;
        if (!alsoAnswers) assert.equal(figures.rtt.count, 0);
        const { lateReplies, duplicateReplies, corruptReplies, reorderedReplies } = figures;
        assert.deepEqual(
          [lateReplies, duplicateReplies, corruptReplies, reorderedReplies],
          [0, 0, 0, 0],
        );
      });
    }
    await t.test("the target in whose name they came has nothing of them", async () => {
      for (const { other } of FAMILIES) {
        const figures = page.icmp({ target: other });
        assertCountsEqual(figures, await lab.record(other), TIMEOUT_SECONDS);
        const { lateReplies, duplicateReplies, corruptReplies } = figures;
        assert.deepEqual([lateReplies, duplicateReplies, corruptReplies], [0, 0, 0]);
      }
    });
    assert.equal(sampleValue(page.families, "sounder_agent_icmp_foreign_packets_total"), forged);
    assertNoFault(page);
  });
});

const FLOODS = [
  "echo_reply",
  "echo_reply_of_last_identifier",
  "unreachable",
  "unreachable_of_last_identifier",
  "random_bytes",
] as const;
/** Of each family. */
const HEALTHY_HOSTS = 10;
const DEAD_HOSTS = 10;
const OWN_PACKETS_PER_SECOND =
  (2 * (HEALTHY_HOSTS + DEAD_HOSTS + FLOODS.length)) / INTERVAL_SECONDS;

test("a flood of foreign ICMP at ten times the agent's own rate hides no loss and makes none", {
  skip,
}, async (t) => {
  const healthy = steadyHosts(88, HEALTHY_HOSTS);
  const dead = steadyHosts(88, DEAD_HOSTS, 1).map(({ address }) => ({
    address,
    script: { loss: { probability: 1 } },
  }));
  // One host of each family floods with each kind, and is silent otherwise: the flood is no answer to it either.
  const floods: Measured[] = steadyHosts(88, FLOODS.length, 2).map(({ address }, index) => ({
    address,
    script: {
      loss: { probability: 1 },
      flood: {
        packet: FLOODS[index >> 1] ?? "random_bytes",
        packetsPerSecond: (10 * OWN_PACKETS_PER_SECOND) / (2 * FLOODS.length),
      },
    },
  }));
  const targets = [...healthy, ...dead, ...floods];
  const addresses = targets.map(({ address }) => address);
  await measuring({ seed: 29, targets }, async ({ lab, untilMore }) => {
    const page = await untilMore(addresses, 12);
    const { received, packets, refused } = await lab.totals();
    t.diagnostic(`${packets.flood} foreign packets, ${received} echoes`);
    assert.equal(refused, 0);
    assert.ok(
      packets.flood > 5 * received,
      `${packets.flood} foreign packets to ${received} echoes`,
    );
    for (const target of addresses) {
      const figures = page.icmp({ target });
      assertCountsEqual(figures, await lab.record(target), TIMEOUT_SECONDS);
      assert.equal(figures.suspect, 0, target);
    }
    // A flooding host may hit a sequence number of its own echoes, which makes its packet a damaged reply.
    for (const { address } of [...healthy, ...dead]) {
      const figures = page.icmp({ target: address });
      const { lateReplies, duplicateReplies, corruptReplies, lostByReason } = figures;
      assert.deepEqual([lateReplies, duplicateReplies, corruptReplies], [0, 0, 0], address);
      const explained = Object.values(lostByReason).filter((count) => count > 0);
      assert.deepEqual(explained, [], address);
    }
    for (const { address } of healthy)
      assert.equal(page.icmp({ target: address }).lost, 0, address);
    for (const { address } of [...dead, ...floods]) {
      const { lost, echoes, up } = page.icmp({ target: address });
      assert.deepEqual([lost, up], [echoes, 0], address);
      assert.ok(lost >= 12, address);
    }
    assertNoFault(page);
  });
});
