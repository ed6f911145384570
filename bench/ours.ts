import { setTimeout as sleep } from "node:timers/promises";
import { startAgent } from "../test/support/agent-process.ts";
import { sumOf } from "./counters.ts";
import { loopbackAddresses } from "./loopback.ts";
import type { Measurement } from "./measurement.ts";
import { cpuSecondsOf, peakBytesOf } from "./process-cost.ts";
import { type ScrapeTally, startScraper } from "./scraper.ts";

/** Room above the rate, so that the budget refuses nothing here. */
const BUDGET_FACTOR = 2;

/** As fping and smokeping_prober send by default. */
const PAYLOAD_BYTES = 56;

export type OwnRun = {
  readonly who: string;
  readonly targets: number;
  readonly intervalMilliseconds: number;
  /** Before anything is measured: code is compiled, phases are in their stride. */
  readonly warmUpSeconds: number;
  /** Between the first reading of the counters, a scrape whose garbage is collected for seconds, and the CPU window. */
  readonly settleSeconds: number;
  readonly seconds: number;
  /** How often `/metrics` is read in the measured time; 0 leaves the agent alone. */
  readonly scrapesPerSecond: number;
};

export type OwnMeasurement = Measurement & {
  /** Echoes that were due and dropped because the agent was late. */
  readonly missed: number;
  readonly scrapes: ScrapeTally | undefined;
};

type Counters = {
  readonly takenAtSeconds: number;
  readonly echoes: number;
  readonly failed: number;
  readonly missed: number;
};

/**
 * Runs the built agent with one group of loopback targets and measures its whole process: the echo worker, the probe
 * worker, the main thread and Node's own threads.
 */
export async function measureOurs(run: OwnRun, stop: AbortSignal): Promise<OwnMeasurement> {
  const agent = await startAgent({ config: configOf(run), flags: ["--log.level=warn"] });
  try {
    await sleep(run.warmUpSeconds * 1000, undefined, { signal: stop });
    // Reading the counters costs the agent a scrape, as much CPU as thousands of echoes. So both readings lie outside
    // the CPU window: echoes a second come from the counters, CPU a second from the window, and the rate is steady.
    const before = await countersOf(agent.scrape);
    await sleep(run.settleSeconds * 1000, undefined, { signal: stop });
    const scraper =
      run.scrapesPerSecond > 0
        ? startScraper(`${agent.url}/metrics`, run.scrapesPerSecond)
        : undefined;
    let windowSeconds: number;
    let cpuSeconds: number;
    let scrapes: ScrapeTally | undefined;
    try {
      const startSeconds = nowSeconds();
      const startCpuSeconds = cpuSecondsOf(agent.processId);
      await sleep(run.seconds * 1000, undefined, { signal: stop });
      cpuSeconds = cpuSecondsOf(agent.processId) - startCpuSeconds;
      windowSeconds = nowSeconds() - startSeconds;
    } finally {
      scrapes = await scraper?.stop();
    }
    const after = await countersOf(agent.scrape);
    const peakBytes = peakBytesOf(agent.processId) ?? Number.NaN;
    const echoes = after.echoes - before.echoes;
    const echoesPerSecond = echoes / (after.takenAtSeconds - before.takenAtSeconds);
    return {
      who: run.who,
      targets: run.targets,
      echoesPerSecond,
      echoes,
      // From the agent's start on, not from the window's: a loss while warming up is one as well.
      lost: after.failed,
      missed: after.missed - before.missed,
      cpuSecondsPerEcho: cpuSeconds / windowSeconds / echoesPerSecond,
      peakBytes,
      scrapes,
    };
  } finally {
    await agent.stop();
  }
}

/** The agent counts at the beginning of a scrape, so the time of the request is the time of the counters. */
async function countersOf(scrape: () => Promise<string>): Promise<Counters> {
  const takenAtSeconds = nowSeconds();
  const text = await scrape();
  return {
    takenAtSeconds,
    echoes: sumOf(text, "sounder_icmp_echoes_total"),
    failed:
      sumOf(text, "sounder_icmp_lost_total") +
      sumOf(text, "sounder_icmp_unsent_total") +
      sumOf(text, "sounder_icmp_suspect_echoes_total"),
    missed: sumOf(text, 'sounder_agent_missed_ticks_total\\{prober="icmp"\\}'),
  };
}

function configOf({ targets, intervalMilliseconds }: OwnRun): string {
  const echoesPerSecond = (targets * 1000) / intervalMilliseconds;
  return `icmp:
  max_packets_per_second: ${Math.ceil(echoesPerSecond * BUDGET_FACTOR)}
modules:
  icmp: {prober: icmp, timeout: 1s, icmp: {payload_size: ${PAYLOAD_BYTES}}}
groups:
  - name: bench
    modules: [icmp]
    interval: ${intervalMilliseconds}ms
    targets:
${loopbackAddresses(targets)
  .map((address) => `      - ${address}`)
  .join("\n")}
`;
}

function nowSeconds(): number {
  return performance.now() / 1000;
}
