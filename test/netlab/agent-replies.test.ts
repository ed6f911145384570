import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type AgentProcess, startAgent } from "../support/agent-process.ts";
import { sampleValue } from "../support/exposition.ts";
import { until } from "../support/until.ts";
import { canRunLab } from "./can-run.ts";
import { assertCountsEqual, readScrape, type Scrape } from "./icmp-figures.ts";
import type { Lab } from "./lab.ts";
import type { HostRecord } from "./record.ts";
import { assertNothingElse, REPLY_CLAIMS } from "./reply-claims.ts";
import type { HostScript } from "./script.ts";
import { withLab } from "./with-lab.ts";

const skip = (await canRunLab()) ?? false;

const TIMEOUT_SECONDS = 0.9;
const ECHOES_WANTED = 6;

/** One host of each family for each claim. */
const HOSTS = REPLY_CLAIMS.flatMap((claim, index) =>
  (["IPv4", "IPv6"] as const).map((family) => {
    const number = (index + 1).toString(family === "IPv4" ? 10 : 16);
    const isIpv4 = family === "IPv4";
    return {
      claim,
      family,
      address: isIpv4 ? `10.79.0.${number}` : `fd79::${number}`,
      script: claim.script(isIpv4 ? "10.98.0.1" : "fd98::1"),
    };
  }),
);
/** Pairs of echoes whose replies come in the wrong order. */
const PAIRED = ["10.79.1.1", "fd79:1::1"] as const;
/** Each probed by two groups. */
const SHARED = ["10.79.2.1", "fd79:2::1"] as const;
/** Set to silence at the end, like all others. */
const EVERY_ADDRESS = [...HOSTS.map(({ address }) => address), ...PAIRED, ...SHARED];
/** A reply that nothing overtakes comes in time all the same. */
const OUT_OF_ORDER: HostScript = { delaySeconds: 0.001, reorder: { atMostSeconds: 0.6 } };
const SILENCE: HostScript = { loss: { probability: 1 } };

type Observed = {
  readonly page: Scrape;
  readonly recordOf: (address: string) => HostRecord;
};

/** Lets the agent measure all hosts for a while, then silences them and takes page and record. */
async function observe(lab: Lab, agent: AgentProcess): Promise<Observed> {
  const echoesOf = async (): Promise<Map<string, number>> => {
    const { families } = readScrape(await agent.scrape());
    const samples = families.get("sounder_icmp_echoes_total")?.samples ?? [];
    return new Map(
      samples.map(({ labels, value }) => [`${labels["group"]} ${labels["target"]}`, value]),
    );
  };
  const everyoneHas = (wanted: (stream: string) => number) => async (): Promise<boolean> =>
    [...(await echoesOf())].every(([stream, echoes]) => echoes >= wanted(stream));
  await until(
    everyoneHas(() => ECHOES_WANTED),
    {
      deadlineSeconds: 60,
      what: `${ECHOES_WANTED} finished echoes of every target`,
      everySeconds: 0.5,
    },
  );
  await lab.hosts(EVERY_ADDRESS.map((address) => [address, SILENCE]));
  await until(async () => (await lab.totals()).pending === 0, {
    deadlineSeconds: 20,
    what: "the lab's last reply",
  });
  // When an echo of the silence ends, all that came before was drained from the socket.
  const atSilence = await echoesOf();
  await until(
    everyoneHas((stream) => (atSilence.get(stream) ?? 0) + 3),
    { deadlineSeconds: 30, what: "three echoes of every target in silence", everySeconds: 0.5 },
  );
  const page = readScrape(await agent.scrape());
  const records = new Map((await lab.records()).map((record) => [record.address, record]));
  const recordOf = (address: string): HostRecord => {
    const record = records.get(address);
    assert.ok(record !== undefined, address);
    return record;
  };
  return { page, recordOf };
}

const GROUP = { modules: ["echo"], interval: "1s" };
/** Every JSON text is a YAML text. */
const CONFIG = JSON.stringify({
  modules: { echo: { prober: "icmp", timeout: `${TIMEOUT_SECONDS * 1000}ms` } },
  groups: [
    { ...GROUP, name: "hosts", targets: [...HOSTS.map(({ address }) => address), ...SHARED] },
    // Two echoes in flight at a time: the first reply waits for the second.
    {
      ...GROUP,
      name: "pairs",
      interval: "2s",
      echoes: { count: 2, spacing: "300ms" },
      targets: PAIRED,
    },
    { ...GROUP, name: "again", targets: SHARED },
  ],
});

test("what comes besides right replies lands in its own counter", { skip }, async (t) => {
  await withLab({ seed: 21 }, async (lab) => {
    await lab.hosts(HOSTS.map(({ address, script }) => [address, script]));
    await lab.hosts(PAIRED.map((address) => [address, OUT_OF_ORDER]));
    await lab.hosts(SHARED.map((address) => [address, { delaySeconds: 0.002 }]));
    const agent = await startAgent({ config: CONFIG });
    try {
      await judge(t, await observe(lab, agent));
    } catch (error) {
      t.diagnostic(agent.stderr());
      throw error;
    } finally {
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    }
  });
});

async function judge(t: TestContext, { page, recordOf }: Observed): Promise<void> {
  for (const { claim, family, address } of HOSTS) {
    await t.test(`${claim.name} (${family})`, () => {
      const figures = page.icmp({ target: address });
      const record = recordOf(address);
      assertCountsEqual(figures, record, TIMEOUT_SECONDS);
      claim.check(figures, record, family);
    });
  }

  for (const target of PAIRED) {
    await t.test(
      `replies in the wrong order answer their echoes and are counted (${target})`,
      () => {
        const figures = page.icmp({ target });
        const { totals } = recordOf(target);
        assert.ok(totals.reordered >= ECHOES_WANTED / 2 - 1);
        assert.equal(figures.reorderedReplies, totals.reordered);
        assert.equal(figures.rtt.count, totals.packets.reply);
        assertNothingElse(figures, ["reorderedReplies"], target);
      },
    );
  }

  for (const target of SHARED) {
    await t.test(`two targets with one address both get their results (${target})`, () => {
      const both = ["hosts", "again"].map((group) => page.icmp({ target, group }));
      for (const figures of both) {
        assert.ok(figures.rtt.count >= ECHOES_WANTED - 1, `${figures.rtt.count} answers`);
        assertNothingElse(figures, [], target);
      }
      const answers = both.reduce((sum, { rtt }) => sum + rtt.count, 0);
      assert.equal(answers, recordOf(target).totals.packets.reply);
    });
  }

  await t.test("stray packets are counted as the agent's own figure", () => {
    const foreign = sampleValue(page.families, "sounder_agent_icmp_foreign_packets_total");
    assert.ok((foreign ?? 0) > 100, `${foreign}`);
  });
}
