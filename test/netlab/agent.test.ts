import assert from "node:assert/strict";
import { test } from "node:test";
import { startAgent } from "../support/agent-process.ts";
import { sampleValue } from "../support/exposition.ts";
import { until } from "../support/until.ts";
import { canRunLab } from "./can-run.ts";
import { assertCountsEqual, readScrape } from "./icmp-figures.ts";
import type { HostScript } from "./script.ts";
import { withLab } from "./with-lab.ts";

const skip = (await canRunLab()) ?? false;

const LOSSES = [0, 0.01, 0.1, 0.5, 1] as const;
const HOSTS_OF_EACH_FAMILY = 100;
const INTERVAL_SECONDS = 1;
const TIMEOUT_SECONDS = 0.9;
const ECHOES_WANTED = 12;

/** Of each family as many hosts of each loss, with delays from 1 to 40 ms and some jitter. */
function lossyHosts(): [
  string,
  HostScript & { readonly loss: { readonly probability: number } },
][] {
  return Array.from({ length: HOSTS_OF_EACH_FAMILY }, (_, index) => index + 1).flatMap((number) => {
    const script = {
      delaySeconds: (1 + (number % 40)) / 1000,
      jitterSeconds: 0.002,
      loss: { probability: LOSSES[number % LOSSES.length] ?? 0 },
    };
    return [`10.78.0.${number}`, `fd78::${number.toString(16)}`].map(
      (address): ReturnType<typeof lossyHosts>[number] => [address, script],
    );
  });
}

test("counters equal the lab's record for 200 hosts that lose 0, 1, 10, 50 and 100 %", {
  skip,
}, async (t) => {
  await withLab({ seed: 20 }, async (lab) => {
    const hosts = lossyHosts();
    const scripts = new Map(hosts);
    const addresses = hosts.map(([address]) => address);
    await lab.hosts(hosts);
    const agent = await startAgent({
      // Every JSON text is a YAML text.
      config: JSON.stringify({
        modules: { echo: { prober: "icmp", timeout: `${TIMEOUT_SECONDS * 1000}ms` } },
        groups: [
          {
            name: "lossy",
            modules: ["echo"],
            interval: `${INTERVAL_SECONDS}s`,
            targets: addresses,
          },
        ],
      }),
    });
    try {
      const scrape = async () => readScrape(await agent.scrape());
      const finishedOf = (page: Awaited<ReturnType<typeof scrape>>): number =>
        Math.min(...addresses.map((target) => page.icmp({ target }).echoes));

      for (const echoes of [2, ECHOES_WANTED / 2, ECHOES_WANTED]) {
        const page = await until(
          async () => {
            const now = await scrape();
            return finishedOf(now) >= echoes && now;
          },
          {
            deadlineSeconds: 60,
            what: `${echoes} finished echoes of every target`,
            everySeconds: 0.5,
          },
        );
        // The page first: the record then holds at least what the page counts.
        const records = await lab.records();
        assert.equal(records.length, addresses.length);
        for (const record of records) {
          const figures = page.icmp({ target: record.address });
          assertCountsEqual(figures, record, TIMEOUT_SECONDS);
          assert.deepEqual(
            [figures.lateReplies, figures.duplicateReplies, figures.corruptReplies],
            [0, 0, 0],
            record.address,
          );
          const probability = scripts.get(record.address)?.loss.probability ?? 0;
          if (probability !== 0 && probability !== 1) continue;
          assert.equal(figures.up, 1 - probability, record.address);
          assert.equal(figures.lossRatio, probability, record.address);
        }
        for (const family of ["ipv4", "ipv6"]) {
          const info = { family, transport: "raw", transmit_stamp: "kernel" };
          assert.equal(sampleValue(page.families, "sounder_agent_icmp_info", info), 1);
        }
        const { fates, received, deviceDrops, refused } = await lab.totals();
        assert.deepEqual([deviceDrops, refused], [0, 0]);
        t.diagnostic(`${received} echoes, of which the lab lost ${fates.lost}`);
      }
      assert.ok((await lab.totals()).fates.lost > 0);
    } catch (error) {
      t.diagnostic(agent.stderr());
      throw error;
    } finally {
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    }
    const { received } = await lab.totals();
    assert.ok(received >= addresses.length * ECHOES_WANTED);
  });
});
