import assert from "node:assert/strict";
import { test } from "node:test";
import { type AgentProcess, startAgent } from "../support/agent-process.ts";
import { samplesOf, sampleValue } from "../support/exposition.ts";
import { until } from "../support/until.ts";
import { canRunLab } from "./can-run.ts";
import { assertCountsEqual, readScrape, type Scrape } from "./icmp-figures.ts";
import type { Lab } from "./lab.ts";
import { withLab } from "./with-lab.ts";

const skip = (await canRunLab()) ?? false;

const TIMEOUT_SECONDS = 0.9;
/** Long enough that at any moment most targets have an echo in flight. */
const DELAY_SECONDS = 0.6;

type Faulty = {
  readonly lab: Lab;
  readonly agent: AgentProcess;
  readonly scrape: () => Promise<Scrape>;
  readonly addresses: readonly string[];
};

/** Runs an agent against hosts that answer everything, half of them in each family. */
async function withAgent(
  options: { readonly hosts: number; readonly receiveBuffer: string },
  work: (faulty: Faulty) => Promise<void>,
): Promise<void> {
  const addresses = Array.from({ length: options.hosts / 2 }, (_, index) => [
    `10.80.${index >> 8}.${index & 0xff}`,
    `fd80::${(index + 1).toString(16)}`,
  ]).flat();
  await withLab({ seed: 22 }, async (lab) => {
    await lab.hosts(addresses.map((address) => [address, { delaySeconds: DELAY_SECONDS }]));
    const agent = await startAgent({
      config: JSON.stringify({
        modules: { echo: { prober: "icmp", timeout: `${TIMEOUT_SECONDS * 1000}ms` } },
        icmp: { receive_buffer: options.receiveBuffer },
        groups: [{ name: "steady", modules: ["echo"], interval: "1s", targets: addresses }],
      }),
    });
    try {
      const scrape = async (): Promise<Scrape> => readScrape(await agent.scrape());
      await work({ lab, agent, scrape, addresses });
    } finally {
      process.kill(agent.processId, "SIGCONT");
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    }
  });
}

async function untilEveryoneHas(echoes: number, { scrape, addresses }: Faulty): Promise<Scrape> {
  return until(
    async () => {
      const page = await scrape();
      const fewest = Math.min(
        ...addresses.map((target) => {
          const { echoes: finished, suspect } = page.icmp({ target });
          return finished + suspect;
        }),
      );
      return fewest >= echoes && page;
    },
    {
      deadlineSeconds: 60,
      what: `${echoes} finished echoes of every target`,
      everySeconds: 0.5,
    },
  );
}

/** Stops the agent as a debugger or a frozen machine does, until the lab has answered all it got. */
async function freeze({ lab, agent }: Faulty): Promise<void> {
  process.kill(agent.processId, "SIGSTOP");
  await until(async () => (await lab.totals()).pending === 0, {
    deadlineSeconds: 20,
    what: "the lab's last reply to a stopped agent",
  });
  const { received } = await lab.totals();
  const stoppedAtSeconds = process.hrtime()[0];
  // Well past the deadline of everything that was in flight.
  await until(() => process.hrtime()[0] - stoppedAtSeconds > 2 * TIMEOUT_SECONDS, {
    deadlineSeconds: 20,
    what: "deadlines to pass",
  });
  assert.equal((await lab.totals()).received, received, "a stopped agent sends nothing");
  process.kill(agent.processId, "SIGCONT");
}

test("an agent that was stopped past its deadlines loses nothing that the kernel kept", {
  skip,
}, async () => {
  await withAgent({ hosts: 40, receiveBuffer: "1MiB" }, async (faulty) => {
    await untilEveryoneHas(1, faulty);
    await freeze(faulty);
    const page = await untilEveryoneHas(4, faulty);
    for (const record of await faulty.lab.records()) {
      const figures = page.icmp({ target: record.address });
      assertCountsEqual(figures, record, TIMEOUT_SECONDS);
      assert.deepEqual(
        [figures.lost, figures.suspect, figures.lateReplies],
        [0, 0, 0],
        record.address,
      );
    }
  });
});

test("replies that overflowed the agent's own socket are suspect, no host's loss", {
  skip,
}, async (t) => {
  await withAgent({ hosts: 400, receiveBuffer: "16KiB" }, async (faulty) => {
    await untilEveryoneHas(1, faulty);
    await freeze(faulty);
    const page = await untilEveryoneHas(3, faulty);
    let suspects = 0;
    for (const target of faulty.addresses) {
      const figures = page.icmp({ target });
      assert.equal(figures.lost, 0, target);
      assert.equal(figures.rtt.count, figures.echoes, target);
      suspects += figures.suspect;
    }
    const drops = samplesOf(page.families, "sounder_agent_icmp_socket_drops_total").reduce(
      (sum, { value }) => sum + value,
      0,
    );
    t.diagnostic(`${drops} drops, ${suspects} suspect echoes`);
    assert.ok(suspects > 0);
    assert.ok(suspects <= drops, `${suspects} suspect echoes of ${drops} drops`);
    await t.test("and the measurement is said to be suspect for that cause", () => {
      // Far more than 5 % of the echoes finished so far.
      assert.ok(suspects > 0.05 * 3 * faulty.addresses.length, `${suspects} suspect echoes`);
      const cause = { cause: "socket_overflow" };
      const isSuspect = sampleValue(page.families, "sounder_agent_measurement_suspect", cause);
      assert.equal(isSuspect, 1);
    });
  });
});
