/**
 * Round-trip times against the truth: `npm run bench:accuracy`.
 *
 * Two network namespaces and a pair of devices, the kernel of the far one answering, and captures with the kernel's
 * nanosecond stamps. The goal is held against the capture on the near device. That one stamps a request and then
 * does its own work before the driver has the packet, so it reads too long; one on the far device, which stamps the
 * request on arrival, reads too short. Both are printed, and so is where a difference comes from: the recorder in
 * the agent also notes the kernel's stamps of each echo.
 *
 * Prints tables and goals, and exits with 1 when a goal is missed. Nothing leaves the machine. Needs root.
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
import { boundGoals, nearGoals } from "./accuracy/goals.ts";
import { keepAwake } from "./accuracy/keep-awake.ts";
import { measureOurs, type OwnOutcome, type OwnRun } from "./accuracy/ours.ts";
import type { Outcome } from "./accuracy/outcome.ts";
import { measureSmokepingProber } from "./accuracy/smokeping-prober.ts";
import { boundsText, loadLines, microseconds, partLines, resultLines } from "./accuracy/tables.ts";
import { type FarNetwork, openFarNetwork } from "./far-network.ts";
import { goalLines, isMet } from "./goal.ts";
import { figure } from "./table.ts";

const SECONDS_OF_RECORD = 30;
const TARGETS = [100, 5_000] as const;
const TRANSPORTS = ["raw", "dgram"] as const;

type Flags = { readonly seconds: number; readonly transports: readonly OwnRun["transport"][] };
type Results = {
  readonly own: readonly OwnOutcome[];
  /** Once more, with a second capture: what a capture costs. */
  readonly twice: readonly OwnOutcome[];
  readonly peers: readonly Outcome[];
};

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

  const release = keepAwake();
  console.log(heading(flags, release !== undefined).join("\n"));
  const far = await openFarNetwork();
  let results: Results;
  try {
    results = await measureAll(far, flags, stopping.signal);
  } finally {
    await far.close();
    release?.();
  }
  return printResults(results);
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

function heading({ seconds }: Flags, isAwake: boolean): readonly string[] {
  const [cpu] = cpus();
  const lines = [
    `ICMP round-trip times against a capture, ${seconds} s each, ${new Date().toISOString()}`,
    `Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpu?.model ?? "CPU"}, ${isAwake ? "kept awake" : "which may sleep"}`,
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
  const twice: OwnOutcome[] = [];
  const peers: Outcome[] = [];
  for (const transport of transports) {
    if (!engineOptions.safeParse({ transport }).success) {
      console.log(`sounder (${transport}): left out, this version has no such transport`);
      continue;
    }
    for (const targets of TARGETS) {
      for (const isLoaded of [false, true]) {
        const run = { network, transport, targets, isLoaded, isNearTwice: false, seconds };
        own.push(await told(measureOurs(run, stop)));
      }
      const run = { network, transport, targets, isLoaded: false, isNearTwice: true, seconds };
      twice.push(await told(measureOurs(run, stop)));
    }
  }
  for (const targets of TARGETS) {
    const run = { network, targets, seconds };
    peers.push(await told(measureFping(run, stop)));
    peers.push(await told(measureBlackboxExporter(run, stop)));
    peers.push(await told(measureSmokepingProber(run, stop)));
  }
  return { own, twice, peers };
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

/** @returns the exit code. */
function printResults({ own, twice, peers }: Results): number {
  const near = own.flatMap(nearGoals);
  const bounds = own.flatMap(boundGoals);
  const lines = [
    "",
    ...resultLines([...own, ...peers]),
    "",
    "True: from the far device's stamp of the request to the near capture's, each to the reply's stamp.",
    ...loadLines(own),
    "",
    "Where the difference from the near capture comes from, echo by echo: it is the reply's way from capture to socket",
    "less the request's from capture to driver. After quiet: no packet of these targets for 1 ms before.",
    "",
    ...partLines([...own, ...twice]),
    "",
    "The goal, against the near capture:",
    "",
    ...goalLines(near),
    "",
    "The same, outside of what lies between both captures:",
    "",
    ...goalLines(bounds),
  ];
  console.log(lines.join("\n"));
  if (near.length === 0) {
    console.error("Cannot judge accuracy: this version has none of the transports asked for");
    return 1;
  }
  const missedNear = near.filter((goal) => !isMet(goal)).length;
  const missedBounds = bounds.filter((goal) => !isMet(goal)).length;
  console.log(
    `\nGoals missed: ${missedNear} of ${near.length} against the near capture, ${missedBounds} of ${bounds.length} against both.`,
  );
  return missedNear + missedBounds === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
