import assert from "node:assert/strict";
import { test } from "node:test";
import { startAgent } from "../support/agent-process.ts";
import { samplesOf, sampleValue } from "../support/exposition.ts";
import { until } from "../support/until.ts";
import { canRunLab } from "./can-run.ts";
import { readScrape, type Scrape } from "./icmp-figures.ts";
import { withLab } from "./with-lab.ts";

const skip = (await canRunLab()) ?? false;

const TIMEOUT_SECONDS = 0.2;
const FAILING = ["10.91.0.1", "fd91::1"] as const;
const HEALTHY = ["10.91.0.2", "fd91::2"] as const;
/** The first grid echo and many of the fast ones after it. */
const LOST_AT_FIRST = 12;

type Fast = {
  readonly probing: number | undefined;
  readonly echoes: number;
  readonly lost: number;
};

function fastOf({ families }: Scrape, target: string): Fast {
  return {
    probing: sampleValue(families, "sounder_target_fast_probing", { target }),
    echoes: sampleValue(families, "sounder_icmp_fast_echoes_total", { target }) ?? Number.NaN,
    lost: sampleValue(families, "sounder_icmp_fast_lost_total", { target }) ?? Number.NaN,
  };
}

test("a target that loses a grid echo is probed fast until it is well, and counted apart", {
  skip,
}, async () => {
  await withLab({ seed: 91 }, async (lab) => {
    await lab.hosts([
      ...FAILING.map((address) => [address, { loss: { first: LOST_AT_FIRST } }] as const),
      ...HEALTHY.map((address) => [address, {}] as const),
    ]);
    const agent = await startAgent({
      config: JSON.stringify({
        modules: { echo: { prober: "icmp", timeout: `${TIMEOUT_SECONDS * 1000}ms` } },
        groups: [
          {
            name: "paced",
            modules: ["echo"],
            interval: "2s",
            fast_interval: "250ms",
            fast_until_loss: 0.05,
            loss_window: "4s",
            targets: [...FAILING, ...HEALTHY],
          },
        ],
      }),
    });
    try {
      const scrape = async (): Promise<Scrape> => readScrape(await agent.scrape());
      await until(
        async () => {
          const page = await scrape();
          return FAILING.every((target) => fastOf(page, target).probing === 1);
        },
        { deadlineSeconds: 20, what: "both failing targets at the fast pace" },
      );
      const well = await until(
        async () => {
          const page = await scrape();
          const isWell = FAILING.every((target) => {
            const { probing, lost } = fastOf(page, target);
            return probing === 0 && lost > 0;
          });
          return isWell && page;
        },
        { deadlineSeconds: 40, what: "both targets at their normal pace again", everySeconds: 0.1 },
      );
      for (const target of FAILING) {
        const grid = well.icmp({ target });
        const fast = fastOf(well, target);
        assert.equal(grid.lost + fast.lost, LOST_AT_FIRST, `${target}: all that the lab lost`);
        assert.ok(fast.lost >= 8, `${target}: ${fast.lost} fast echoes were lost`);
        assert.equal(grid.echoes - grid.lost, grid.rtt.count, `${target}: only the grid has times`);
        assert.ok((grid.lossRatio ?? 1) < 0.05, `${target}: loss ratio ${grid.lossRatio}`);
      }
      for (const target of HEALTHY) {
        assert.deepEqual(fastOf(well, target), { probing: 0, echoes: 0, lost: 0 }, target);
      }
      const skipped = samplesOf(well.families, "sounder_agent_icmp_fast_echoes_skipped_total")[0]
        ?.value;
      assert.equal(skipped, 0);
      for (const target of FAILING) {
        const page = await scrape();
        const grid = page.icmp({ target });
        const fast = fastOf(page, target);
        const record = (await lab.records()).find(({ address }) => address === target);
        const received = record?.echoes.length ?? 0;
        const counted = grid.echoes + fast.echoes;
        assert.ok(counted <= received, `${target}: ${counted} counted, ${received} received`);
      }
    } finally {
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    }
  });
});
