/**
 * One scrape of 10,000 targets: our columns and writer, beside prom-client with the same families,
 * names, labels and values. Prints a table; exits 1 when a step of ours is longer than the limit even
 * in the quietest round. With `node --expose-gc` it prints the memory of a target as well.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { TallySnapshot } from "../src/icmp/engine-contract.ts";
import { RTT_BOUNDS_SECONDS } from "../src/metrics/histogram.ts";
import type { ProbeOutcome } from "../src/probe/prober.ts";
import type { Metric } from "../src/report/catalogue/metric.ts";
import { ICMP_METRICS, TARGET_METRICS } from "../src/report/catalogue.ts";
import { ContinuousReport } from "../src/report/continuous.ts";
import { systemClock } from "../src/runtime/clock.ts";
import { emptySnapshot, succeeded, tally } from "../test/report/fixtures.ts";

const TARGETS = 10_000;
/** Ours takes a tenth of a second; many rounds, so that one is quiet also on a busy machine. */
const OUR_ROUNDS = 21;
const PEER_ROUNDS = 6;
/** The promise of the writer; a scrape on the event loop may hold nothing else up for longer. */
const STEP_LIMIT_SECONDS = 0.005;

type Measured = {
  readonly name: string;
  readonly totalSeconds: number;
  readonly cpuSeconds: number;
  readonly longestStepSeconds: number;
  /** The longest step of the round that was held up least by other work of the machine. */
  readonly quietestStepSeconds: number;
  readonly megabytes: number;
};

const labelsOf = (index: number) => ({ role: "resolver", site: `fra${index % 7}` });
const targetOf = (index: number): string =>
  `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

function filledSnapshot(): TallySnapshot {
  const snapshot = emptySnapshot(TARGETS);
  for (let stream = 1; stream <= TARGETS; stream += 1) {
    tally(snapshot, stream, { answered: 3600 + (stream % 50), lost: stream % 9 });
    const at = stream * snapshot.rttBucketCount;
    snapshot.rttBuckets[at + 5] = stream % 300;
    snapshot.rttBuckets[at + 6] = stream % 11;
    snapshot.lastRttSeconds[stream] = 0.0001 + stream * 1.3e-7;
    snapshot.jitterSeconds[stream] = stream * 1.7e-9;
    snapshot.replyHopLimit[stream] = 57;
  }
  return snapshot;
}

/**
 * The median of the rounds but the first, which compiles; of their longest steps too, because on a
 * machine with other work any one round may be held up by what is not ours.
 */
async function measure(
  name: string,
  roundCount: number,
  scrape: () => Promise<number>,
): Promise<Measured> {
  const rounds: Omit<Measured, "name" | "quietestStepSeconds">[] = [];
  for (let round = 0; round < roundCount; round += 1) {
    let longestStepSeconds = 0;
    let turnedAtSeconds = systemClock.monotonicSeconds();
    let isOver = false;
    // A turn that comes round again and again: the gap between two of them is the length of a step.
    const watch = (): void => {
      const now = systemClock.monotonicSeconds();
      longestStepSeconds = Math.max(longestStepSeconds, now - turnedAtSeconds);
      turnedAtSeconds = now;
      if (!isOver) setImmediate(watch);
    };
    setImmediate(watch);
    const cpu = process.cpuUsage();
    const startSeconds = systemClock.monotonicSeconds();
    const characters = await scrape();
    const totalSeconds = systemClock.monotonicSeconds() - startSeconds;
    const { user, system } = process.cpuUsage(cpu);
    isOver = true;
    await new Promise((resolve) => setImmediate(resolve));
    rounds.push({
      totalSeconds,
      cpuSeconds: (user + system) / 1e6,
      longestStepSeconds,
      megabytes: characters / 1e6,
    });
  }
  const steady = rounds.slice(1);
  const medianOf = (value: (of: (typeof steady)[number]) => number): number =>
    steady.map(value).toSorted((a, b) => a - b)[steady.length >> 1] ?? Number.NaN;
  return {
    name,
    totalSeconds: medianOf((of) => of.totalSeconds),
    cpuSeconds: medianOf((of) => of.cpuSeconds),
    longestStepSeconds: medianOf((of) => of.longestStepSeconds),
    quietestStepSeconds: Math.min(...steady.map((of) => of.longestStepSeconds)),
    megabytes: medianOf((of) => of.megabytes),
  };
}

async function ours(name: string, report: ContinuousReport, snapshot: TallySnapshot) {
  const signal = new AbortController().signal;
  return measure(name, OUR_ROUNDS, async () => {
    let bytes = 0;
    const sink = {
      // As a socket would take it: encoded at once.
      write: (chunk: string): void => {
        bytes += Buffer.from(chunk, "utf8").length;
      },
    };
    await report.write(sink, { snapshot: () => Promise.resolve(snapshot) }, signal);
    return bytes;
  });
}

async function peer(snapshot: TallySnapshot): Promise<Measured> {
  const registry = new Registry();
  const labelNames = ["target", "module", "group", "role", "site"];
  const configuration = ({ name, help }: Metric) => ({
    name,
    help,
    labelNames,
    registers: [registry],
  });
  const gauges = [
    [new Gauge(configuration(TARGET_METRICS.up)), snapshot.up],
    [new Gauge(configuration(TARGET_METRICS.lastFinished)), snapshot.lastFinishedSeconds],
    [new Gauge(configuration(TARGET_METRICS.fastProbing)), snapshot.fastProbing],
    [new Gauge(configuration(ICMP_METRICS.lastRtt)), snapshot.lastRttSeconds],
    [new Gauge(configuration(ICMP_METRICS.jitter)), snapshot.jitterSeconds],
    [new Gauge(configuration(ICMP_METRICS.replyHopLimit)), snapshot.replyHopLimit],
    [new Gauge(configuration(ICMP_METRICS.lossRatio)), snapshot.lossRatio],
  ] as const;
  const zeros = new Float64Array(TARGETS + 1);
  const counters = [
    [new Counter(configuration(TARGET_METRICS.addressChanges)), zeros],
    [new Counter(configuration(TARGET_METRICS.resolveFailures)), zeros],
    [new Counter(configuration(ICMP_METRICS.echoes)), snapshot.echoes],
    [new Counter(configuration(ICMP_METRICS.lost)), snapshot.lost],
    [new Counter(configuration(ICMP_METRICS.fastEchoes)), zeros],
    [new Counter(configuration(ICMP_METRICS.fastLost)), zeros],
    [new Counter(configuration(ICMP_METRICS.lateReplies)), zeros],
    [new Counter(configuration(ICMP_METRICS.duplicateReplies)), zeros],
    [new Counter(configuration(ICMP_METRICS.reorderedReplies)), zeros],
    [new Counter(configuration(ICMP_METRICS.corruptReplies)), zeros],
    [new Counter(configuration(ICMP_METRICS.unsent)), zeros],
    [new Counter(configuration(ICMP_METRICS.suspect)), zeros],
  ] as const;
  const rtt = new Histogram({
    ...configuration(ICMP_METRICS.rtt),
    buckets: [...RTT_BOUNDS_SECONDS],
  });
  for (let index = 0; index < TARGETS; index += 1) {
    const labels = { target: targetOf(index), module: "icmp", group: "core", ...labelsOf(index) };
    for (const [gauge, column] of gauges) gauge.set(labels, column[index + 1] ?? 0);
    for (const [counter, column] of counters) counter.inc(labels, column[index + 1] ?? 0);
    // Few observations: what a scrape costs does not depend on how many there were.
    rtt.observe(labels, 0.0007);
  }
  return measure(
    "prom-client, icmp",
    PEER_ROUNDS,
    async () => Buffer.from(await registry.metrics()).length,
  );
}

function print(rows: readonly Measured[]): void {
  const base = rows[0];
  console.log(`One scrape of ${TARGETS} targets (medians; ${OUR_ROUNDS - 1} rounds of ours)`);
  console.log("");
  console.log(
    "| who | time ms | cpu ms | longest step ms | in the quietest round | MB | time ÷ ours |",
  );
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const { name, totalSeconds, cpuSeconds, megabytes, ...of } of rows) {
    const cells = [
      name,
      (totalSeconds * 1000).toFixed(0),
      (cpuSeconds * 1000).toFixed(0),
      (of.longestStepSeconds * 1000).toFixed(1),
      (of.quietestStepSeconds * 1000).toFixed(1),
      megabytes.toFixed(1),
      (totalSeconds / (base?.totalSeconds ?? totalSeconds)).toFixed(1),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

function memoryBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const snapshot = filledSnapshot();
const emptyBytes = memoryBytes();
const icmp = new ContinuousReport({ clock: systemClock });
for (let index = 0; index < TARGETS; index += 1) {
  const description = {
    group: "core",
    module: "icmp",
    target: targetOf(index),
    prober: "icmp",
  } as const;
  const row = icmp.addTarget({ ...description, labels: labelsOf(index) }, index + 1);
  icmp.setAddress(row, { text: targetOf(index), family: "ipv4" });
}
const icmpBytes = memoryBytes() - emptyBytes;
const http = new ContinuousReport({ clock: systemClock });
for (let index = 0; index < TARGETS; index += 1) {
  const target = `https://${targetOf(index)}/`;
  const description = { group: "web", module: "http_2xx", target, prober: "http" } as const;
  const row = http.addTarget({ ...description, labels: labelsOf(index) }, undefined);
  const address = { text: targetOf(index), family: "ipv4" } as const;
  const outcome: ProbeOutcome = { ...succeeded, address };
  http.record(row, outcome);
}
const httpBytes = memoryBytes() - emptyBytes - icmpBytes;

const rows = [
  await ours("sounder, icmp", icmp, snapshot),
  await peer(snapshot),
  await ours("sounder, http", http, emptySnapshot(0)),
];
print(rows);
if (globalThis.gc !== undefined) {
  console.log("");
  console.log(
    `Memory a target: icmp ${(icmpBytes / TARGETS).toFixed(0)} bytes, http ${(httpBytes / TARGETS).toFixed(0)} bytes`,
  );
}
const late = rows.filter(
  ({ name, quietestStepSeconds }) =>
    name.startsWith("sounder") && quietestStepSeconds > STEP_LIMIT_SECONDS,
);
for (const { name } of late) {
  console.error(
    `${name}: a step is longer than ${STEP_LIMIT_SECONDS * 1000} ms in every round: is the machine busy with other work?`,
  );
  process.exitCode = 1;
}
