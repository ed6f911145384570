/**
 * Round-trip times against the truth: `npm run bench:accuracy`.
 *
 * Two network namespaces and a pair of devices, the kernel of the far one answering; captures with the kernel's
 * nanosecond stamps are the truth. The one on the near device stamps a request and then does its own work before the
 * driver has the packet: half a microsecond where packets follow one another, several where the code is cold
 * (measured: every further capture adds as much again). So one on the far device, which stamps the request on
 * arrival, bounds the truth from below, and the error of a figure is how far it lies outside of the two. Its
 * difference from the near capture alone is printed as well.
 *
 * Prints a table and the goals, and exits with 1 when one of them is missed. Nothing leaves the machine. Needs root.
 *
 * `--seconds=N` shortens every measured time and `--transport=raw` (or `dgram`) leaves the other one out while
 * developing; figures of record are taken without them, on a machine with nothing else to do.
 */

import { writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { engineOptions } from "../src/icmp/options.ts";
import { canRunLab } from "../test/netlab/can-run.ts";
import { enterOwnNetwork } from "../test/support/own-network.ts";
import { measureBlackboxExporter } from "./accuracy/blackbox-exporter.ts";
import { measureFping } from "./accuracy/fping.ts";
import { measureOurs, type OwnOutcome, type OwnRun } from "./accuracy/ours.ts";
import { errorSeconds, falseLosses, type Outcome } from "./accuracy/outcome.ts";
import { measureSmokepingProber } from "./accuracy/smokeping-prober.ts";
import type { RttBounds } from "./accuracy/wire.ts";
import { type FarNetwork, openFarNetwork } from "./far-network.ts";
import { type Goal, goalLines, isMet } from "./goal.ts";
import { figure, tableLines } from "./table.ts";

const SECONDS_OF_RECORD = 30;
const TARGETS = [100, 5_000] as const;
const TRANSPORTS = ["raw", "dgram"] as const;
const MAX_MEAN_ERROR_MICROSECONDS = 2;
const MAX_P99_ERROR_MICROSECONDS = 5;

type Flags = { readonly seconds: number; readonly transports: readonly OwnRun["transport"][] };
type Results = { readonly own: readonly OwnOutcome[]; readonly peers: readonly Outcome[] };

async function main(): Promise<number> {
  const flags = flagsOf(process.argv.slice(2));
  if (flags === undefined) {
    console.error(
      "Usage: node dist/bench/accuracy.js [--seconds=N] [--transport=raw|dgram], N from 2 to 600",
    );
    return 2;
  }
  const obstacle = (await canRunLab()) ?? (await enterOwnNetwork());
  if (obstacle !== undefined) {
    console.error(`Cannot measure accuracy: ${obstacle}`);
    return 1;
  }
  // Of this namespace alone: the root user is in group 0, and the default range holds nobody.
  writeFileSync("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
  const stopping = new AbortController();
  const onSignal = (): void => stopping.abort(new Error("stopped by a signal"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, onSignal);

  console.log(heading(flags).join("\n"));
  const far = await openFarNetwork();
  let results: Results;
  try {
    results = await measureAll(far, flags, stopping.signal);
  } finally {
    await far.close();
  }
  const goals = results.own.flatMap(goalsOf);
  console.log(["", ...resultLines(results), "", ...goalLines(goals)].join("\n"));
  if (goals.length === 0) {
    console.error("Cannot judge accuracy: this version has none of the transports asked for");
    return 1;
  }
  const missed = goals.filter((goal) => !isMet(goal)).length;
  console.log(missed === 0 ? "\nEvery goal is met." : `\nGoals missed: ${missed}.`);
  return missed === 0 ? 0 : 1;
}

function flagsOf(argv: readonly string[]): Flags | undefined {
  const options = {
    seconds: { type: "string", default: String(SECONDS_OF_RECORD) },
    transport: { type: "string" },
  } as const;
  try {
    const { values } = parseArgs({ args: [...argv], options });
    const seconds = Number(values.seconds);
    if (!Number.isInteger(seconds) || seconds < 2 || seconds > 600) return undefined;
    const wanted = values.transport;
    const transports = TRANSPORTS.filter((name) => wanted === undefined || wanted === name);
    return transports.length === 0 ? undefined : { seconds, transports };
  } catch {
    return undefined;
  }
}

function heading({ seconds }: Flags): readonly string[] {
  const [cpu] = cpus();
  const lines = [
    `ICMP round-trip times against a capture, ${seconds} s each, ${new Date().toISOString()}`,
    `Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpu?.model ?? "CPU"}`,
  ];
  if (seconds !== SECONDS_OF_RECORD) {
    lines.push(`SHORTENED from ${SECONDS_OF_RECORD} s: not figures of record`);
  }
  return [...lines, ""];
}

/** One after another: on few cores two at a time would measure each other. */
async function measureAll(
  network: FarNetwork,
  { seconds, transports }: Flags,
  stop: AbortSignal,
): Promise<Results> {
  const own: OwnOutcome[] = [];
  const peers: Outcome[] = [];
  for (const transport of transports) {
    if (!engineOptions.safeParse({ transport }).success) {
      console.log(`sounder (${transport}): left out, this version has no such transport`);
      continue;
    }
    for (const targets of TARGETS) {
      for (const isLoaded of [false, true]) {
        const run = { network, transport, targets, isLoaded, seconds };
        own.push(await told(measureOurs(run, stop)));
      }
    }
  }
  for (const targets of TARGETS) {
    const run = { network, targets, seconds };
    peers.push(await told(measureFping(run, stop)));
    peers.push(await told(measureBlackboxExporter(run, stop)));
    peers.push(await told(measureSmokepingProber(run, stop)));
  }
  return { own, peers };
}

/** A line a run, so that minutes of measuring show that they pass. */
async function told<T extends Outcome>(measuring: Promise<T>): Promise<T> {
  const outcome = await measuring;
  const { who, condition, targets, wire, reported } = outcome;
  console.log(
    `${who}, ${condition}, ${figure(targets)} targets: true mean ${boundsText(wire.meanSeconds)} µs, reported ${microseconds(reported.meanSeconds)} µs`,
  );
  return outcome;
}

function microseconds(seconds: number): string {
  return figure(seconds * 1e6, 1);
}

function boundsText({ atLeast, atMost }: RttBounds): string {
  return `${microseconds(atLeast)} to ${microseconds(atMost)}`;
}

function resultLines({ own, peers }: Results): readonly string[] {
  const table = tableLines(
    [
      { title: "who", align: "left" },
      { title: "", align: "left" },
      { title: "targets", align: "right" },
      { title: "echoes", align: "right" },
      { title: "true mean µs", align: "right" },
      { title: "reported", align: "right" },
      { title: "error", align: "right" },
      { title: "to the near capture", align: "right" },
      { title: "true p99 µs", align: "right" },
      { title: "reported", align: "right" },
      { title: "error", align: "right" },
      { title: "to the near capture", align: "right" },
      { title: "no reply on the wire", align: "right" },
      { title: "in the counters", align: "right" },
      { title: "worst echo", align: "right" },
    ],
    [
      ...own.map((outcome) => [...cells(outcome), microseconds(outcome.parts.largestErrorSeconds)]),
      ...peers.map((outcome) => [...cells(outcome), ""]),
    ],
  );
  const loads = own.flatMap(({ who, targets, load }) => {
    if (load === undefined) return [];
    const { scrapes, probes } = load;
    return [
      `${who}, ${figure(targets)} targets, loaded: ${scrapes.done} scrapes (${scrapes.failed} failed, the longest ${figure(scrapes.longestSeconds * 1000)} ms), ${figure(probes.answers)} answers of /probe (${probes.failures} failed)`,
    ];
  });
  return [
    ...table,
    "",
    "True: from the far device's stamp of the request to the near capture's, each to the reply's stamp.",
    "Error: how far a figure is outside of these two. Worst echo: the same of a single one.",
    ...loads,
  ];
}

function cells(outcome: Outcome): readonly string[] {
  const { who, condition, targets, wire, reported } = outcome;
  return [
    who,
    condition,
    figure(targets),
    figure(reported.echoes),
    boundsText(wire.meanSeconds),
    microseconds(reported.meanSeconds),
    microseconds(errorSeconds(reported.meanSeconds, wire.meanSeconds)),
    microseconds(reported.meanSeconds - wire.meanSeconds.atMost),
    boundsText(wire.p99Seconds),
    microseconds(reported.p99Seconds),
    microseconds(errorSeconds(reported.p99Seconds, wire.p99Seconds)),
    microseconds(reported.p99Seconds - wire.p99Seconds.atMost),
    figure(wire.unanswered),
    figure(reported.unanswered),
  ];
}

function goalsOf(outcome: OwnOutcome): readonly Goal[] {
  const { who, condition, targets, wire, reported } = outcome;
  const about = `${who}, ${figure(targets)} targets, ${condition}`;
  const off = (name: string, seconds: number, bounds: RttBounds, limit: number): Goal => ({
    name: `${about}: ${name} off by`,
    measured: Math.abs(errorSeconds(seconds, bounds)) * 1e6,
    bound: "at most",
    limit,
    unit: "µs",
    decimals: 2,
  });
  return [
    off("mean", reported.meanSeconds, wire.meanSeconds, MAX_MEAN_ERROR_MICROSECONDS),
    off("p99", reported.p99Seconds, wire.p99Seconds, MAX_P99_ERROR_MICROSECONDS),
    {
      name: `${about}: false losses`,
      measured: falseLosses(outcome),
      bound: "at most",
      limit: 0,
      unit: "",
      decimals: 0,
    },
  ];
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
