import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type AgentProcess, startAgent } from "../../test/support/agent-process.ts";
import { sumOf } from "../counters.ts";
import { type FarNetwork, farAddresses } from "../far-network.ts";
import { type ScrapeTally, startScraper } from "../scraper.ts";
import { startCapture } from "./capture.ts";
import { type Outcome, reportedFigures, wireFigures } from "./outcome.ts";
import { type ErrorParts, errorParts } from "./parts.ts";
import { type ProbeTally, startProbeClients } from "./probe-clients.ts";
import { type RecordedEcho, readRecord } from "./record.ts";

const SCRAPES_PER_SECOND = 4;
const PROBES_PER_SECOND = 200;
const PROBE_CLIENTS = 8;
/** Addresses that only `/probe` asks, so that its echoes are told from the continuous ones on the wire. */
const PROBED_ADDRESSES = 16;
const BUDGET_FACTOR = 2;
const PAYLOAD_BYTES = 56;
/** Of summing tens of thousands of doubles in another order, relative to the sum. */
const ROUNDING = 1e-9;

export type OwnRun = {
  readonly network: FarNetwork;
  readonly transport: "raw" | "dgram";
  readonly targets: number;
  readonly isLoaded: boolean;
  /** Whether a second capture runs on the near device, to see what one costs. */
  readonly isNearTwice: boolean;
  readonly seconds: number;
};

export type OwnOutcome = Outcome & {
  readonly parts: ErrorParts;
  readonly load: { readonly scrapes: ScrapeTally; readonly probes: ProbeTally } | undefined;
};

type Counters = { readonly answered: number; readonly rttSumSeconds: number; readonly bad: number };

/**
 * Runs the built agent and holds each of its round-trip times against the capture.
 *
 * @throws when the record of the round-trip times is not what the agent counted.
 */
export async function measureOurs(run: OwnRun, stop: AbortSignal): Promise<OwnOutcome> {
  stop.throwIfAborted();
  const directory = mkdtempSync(join(tmpdir(), "sounder-bench-"));
  const recordFile = join(directory, "round-trips");
  const addresses = farAddresses(run.targets);
  const capture = await startCapture(run.network, run.isNearTwice);
  try {
    const ran = await runAgent(run, addresses, recordFile, stop);
    const truth = await capture.stop(addresses);
    const record = readRecord(recordFile);
    refuseUnlessCounted(record, ran.counters);
    return {
      who: `sounder (${run.transport})`,
      condition: conditionOf(run),
      targets: run.targets,
      wire: wireFigures(truth),
      reported: reportedFigures(
        record.map(({ rttSeconds }) => rttSeconds),
        ran.counters.bad,
      ),
      parts: errorParts(record, truth),
      load: ran.load,
    };
  } finally {
    await capture.discard();
    rmSync(directory, { recursive: true, force: true });
  }
}

function conditionOf({ isLoaded, isNearTwice }: OwnRun): string {
  return `${isLoaded ? "loaded" : "idle"}${isNearTwice ? ", two captures" : ""}`;
}

async function runAgent(
  run: OwnRun,
  addresses: readonly string[],
  recordFile: string,
  stop: AbortSignal,
): Promise<{ readonly counters: Counters; readonly load: OwnOutcome["load"] }> {
  const recorder = new URL("./recorder.js", import.meta.url).href;
  const agent = await startAgent({
    config: configOf(run, addresses),
    flags: ["--log.level=warn"],
    environment: { NODE_OPTIONS: `--import=${recorder}`, SOUNDER_BENCH_RECORD: recordFile },
  });
  try {
    const work = (): Promise<void> => sleep(run.seconds * 1000, undefined, { signal: stop });
    let load: OwnOutcome["load"];
    if (run.isLoaded) load = await underLoad(agent, run.targets, work);
    else await work();
    return { counters: countersOf(await agent.scrape()), load };
  } finally {
    await agent.stop();
  }
}

/** `/probe` is asked for icmp and http in turn, the latter from a server of this process. */
async function underLoad(
  agent: AgentProcess,
  targets: number,
  work: () => Promise<void>,
): Promise<OwnOutcome["load"]> {
  const server = createServer((_request, response) => response.end("fine\n"));
  const port = await portOf(server);
  const urls = farAddresses(PROBED_ADDRESSES, targets).flatMap((address) => [
    `${agent.url}/probe?module=icmp&target=${address}`,
    `${agent.url}/probe?module=http_2xx&target=http://127.0.0.1:${port}/`,
  ]);
  const roundSeconds = urls.length / PROBES_PER_SECOND;
  const probing = startProbeClients({ urls, clients: PROBE_CLIENTS, roundSeconds });
  const scraper = startScraper(`${agent.url}/metrics`, SCRAPES_PER_SECOND);
  try {
    await work();
  } finally {
    await Promise.all([probing.stop(), scraper.stop()]);
    server.close();
    server.closeAllConnections();
  }
  return { probes: await probing.stop(), scrapes: await scraper.stop() };
}

function portOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
    });
  });
}

function configOf({ targets, transport }: OwnRun, addresses: readonly string[]): string {
  return JSON.stringify({
    icmp: { transport, max_packets_per_second: Math.max(targets * BUDGET_FACTOR, 1000) },
    modules: { icmp: { prober: "icmp", timeout: "1s", icmp: { payload_size: PAYLOAD_BYTES } } },
    probe: { targets: "any" },
    groups: [{ name: "bench", modules: ["icmp"], interval: "1s", targets: addresses }],
  });
}

function countersOf(text: string): Counters {
  return {
    answered: sumOf(text, "sounder_icmp_rtt_seconds_count"),
    rttSumSeconds: sumOf(text, "sounder_icmp_rtt_seconds_sum"),
    bad:
      sumOf(text, "sounder_icmp_lost_total") +
      sumOf(text, "sounder_icmp_unsent_total") +
      sumOf(text, "sounder_icmp_suspect_echoes_total"),
  };
}

/** The last scrape counted some number of echoes; the record has the same as its first, and their sum. */
function refuseUnlessCounted(record: readonly RecordedEcho[], counters: Counters): void {
  const { answered, rttSumSeconds } = counters;
  const counted = record.slice(0, answered);
  const sumSeconds = counted.reduce((sum, { rttSeconds }) => sum + rttSeconds, 0);
  const isSame = Math.abs(sumSeconds - rttSumSeconds) <= ROUNDING * rttSumSeconds;
  if (answered > 0 && counted.length === answered && isSame) return;
  throw new Error(
    `Cannot trust the record: it has ${counted.length} round-trip times of ${sumSeconds} s in all, the agent counted ${answered} of ${rttSumSeconds} s`,
  );
}
