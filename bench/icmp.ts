/**
 * The ICMP engine against its peers, on loopback: `npm run bench:icmp`.
 *
 * Prints a table and the goals, and exits with 1 when one of them is missed. `--seconds=N` shortens every measured
 * time while developing; figures of record are taken without it, on a machine with nothing else to do.
 */

import { readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { findCeiling, MAX_MISSED_SHARE, type Step } from "./ceiling.ts";
import { MAX_FPING_TARGETS, measureFping } from "./fping.ts";
import { type Goal, goalLines, isMet } from "./goal.ts";
import type { Measurement } from "./measurement.ts";
import { measureOurs, type OwnMeasurement } from "./ours.ts";
import { measureSmokepingProber } from "./smokeping-prober.ts";
import { figure, tableLines } from "./table.ts";

const SECONDS_OF_RECORD = 30;
const CEILING_SECONDS = 6;
const WARM_UP_SECONDS = 5;
const SETTLE_SECONDS = 5;
const TARGETS = 10_000;
const SCRAPES_PER_SECOND = 4;
const SMOKEPING_TARGETS = 1_000;

const MAX_PEAK_BYTES = 180e6;
const MAX_BYTES_PER_TARGET = 4_000;
const MAX_SHARE_OF_PACED_FPING = 0.25;
const MAX_SHARE_OF_BURST_FPING = 2;
const MIN_CEILING_PER_SECOND = 100_000;
/** Of the scrapes asked for, or the scraped run was not the one promised. */
const MIN_SCRAPES_DONE = 0.95;

type Results = {
  readonly alone: OwnMeasurement;
  readonly scraped: OwnMeasurement;
  readonly single: OwnMeasurement;
  readonly paced: Measurement;
  readonly burst: Measurement;
  /** Or why it could not be measured: no goal hangs on it. */
  readonly smokeping: Measurement | Error;
  readonly steps: readonly Step[];
  readonly ceilingPerSecond: number;
};

async function main(): Promise<number> {
  const seconds = secondsOf(process.argv.slice(2));
  if (seconds === undefined) {
    console.error("Usage: node dist/bench/icmp.js [--seconds=N], N from 2 to 600");
    return 2;
  }
  const stopping = new AbortController();
  const onSignal = (): void => stopping.abort(new Error("stopped by a signal"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, onSignal);

  console.log(heading(seconds).join("\n"));
  const results = await measureAll(seconds, stopping.signal);
  const goals = goalsOf(results, seconds);
  console.log(["", ...resultLines(results), "", ...goalLines(goals)].join("\n"));
  const missed = goals.filter((goal) => !isMet(goal)).length;
  console.log(missed === 0 ? "\nEvery goal is met." : `\nGoals missed: ${missed}.`);
  return missed === 0 ? 0 : 1;
}

function secondsOf(argv: readonly string[]): number | undefined {
  const options = { seconds: { type: "string", default: String(SECONDS_OF_RECORD) } } as const;
  try {
    const seconds = Number(parseArgs({ args: [...argv], options }).values.seconds);
    return Number.isInteger(seconds) && seconds >= 2 && seconds <= 600 ? seconds : undefined;
  } catch {
    return undefined;
  }
}

function heading(seconds: number): readonly string[] {
  const [cpu] = cpus();
  const lines = [
    `ICMP echoes on loopback, ${seconds} s each, ${new Date().toISOString()}`,
    `Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpu?.model ?? "CPU"}`,
  ];
  const strangers = rawSocketCount();
  if (strangers > 0) {
    lines.push(
      `DISTURBED by ${strangers} raw ICMP sockets of other programs: the kernel shows each of them every packet`,
    );
  }
  if (seconds !== SECONDS_OF_RECORD) {
    lines.push(`SHORTENED from ${SECONDS_OF_RECORD} s: not figures of record`);
  }
  return [...lines, ""];
}

/** A socket a line after the heading (net/ipv4/raw.c, raw_proc_init). */
function rawSocketCount(): number {
  return readFileSync("/proc/net/raw", "utf8").trimEnd().split("\n").length - 1;
}

/** One after another: on few cores two at a time would measure each other. */
async function measureAll(seconds: number, stop: AbortSignal): Promise<Results> {
  const own = {
    intervalMilliseconds: 1000,
    warmUpSeconds: WARM_UP_SECONDS,
    settleSeconds: SETTLE_SECONDS,
    seconds,
  };
  const alone = await told(
    measureOurs({ ...own, who: "sounder", targets: TARGETS, scrapesPerSecond: 0 }, stop),
  );
  const scraped = await told(
    measureOurs(
      {
        ...own,
        who: `sounder, scraped ${SCRAPES_PER_SECOND}/s`,
        targets: TARGETS,
        scrapesPerSecond: SCRAPES_PER_SECOND,
      },
      stop,
    ),
  );
  const single = await told(
    measureOurs({ ...own, who: "sounder, one target", targets: 1, scrapesPerSecond: 0 }, stop),
  );
  const fping = { targets: MAX_FPING_TARGETS, seconds };
  const paced = await told(measureFping({ ...fping, gapMilliseconds: 0.1 }, stop));
  const burst = await told(measureFping({ ...fping, gapMilliseconds: 0 }, stop));
  const smokeping = await told(
    measureSmokepingProber(
      { targets: SMOKEPING_TARGETS, warmUpSeconds: WARM_UP_SECONDS, seconds },
      stop,
    ),
  ).catch((error: unknown) => {
    stop.throwIfAborted();
    return error instanceof Error ? error : new Error(String(error));
  });
  const steps: Step[] = [];
  const ceilingPerSecond = await findCeiling(
    {
      stepSeconds: Math.min(CEILING_SECONDS, seconds),
      onStep: (step) => {
        steps.push(step);
        tell(step.measurement);
      },
    },
    stop,
  );
  return { alone, scraped, single, paced, burst, smokeping, steps, ceilingPerSecond };
}

/** A line a run, so that minutes of measuring show that they pass. */
async function told<T extends Measurement>(measuring: Promise<T>): Promise<T> {
  const measurement = await measuring;
  tell(measurement);
  return measurement;
}

function tell({ who, echoes, lost, cpuSecondsPerEcho }: Measurement): void {
  const cost = figure(cpuSecondsPerEcho * 1e6, 2);
  console.log(`${who}: ${figure(echoes)} echoes, ${figure(lost)} lost, ${cost} µs each`);
}

function resultLines(results: Results): readonly string[] {
  const { alone, scraped, single, paced, burst, smokeping, steps } = results;
  const lines = tableLines(
    [
      { title: "who", align: "left" },
      { title: "targets", align: "right" },
      { title: "echoes/s", align: "right" },
      { title: "echoes", align: "right" },
      { title: "lost", align: "right" },
      { title: "missed", align: "right" },
      { title: "CPU µs/echo", align: "right" },
      { title: "ours ÷ it", align: "right" },
      { title: "peak MB", align: "right" },
    ],
    [
      ...[alone, scraped, single].map((own) => cells(own, "", figure(own.missed))),
      ...[paced, burst, ...(smokeping instanceof Error ? [] : [smokeping])].map((peer) =>
        cells(peer, figure(alone.cpuSecondsPerEcho / peer.cpuSecondsPerEcho, 3), ""),
      ),
      ...steps.map(({ measurement, isClean }) =>
        cells(measurement, isClean ? "clean" : "NOT CLEAN", figure(measurement.missed)),
      ),
    ],
  );
  return [...lines, "", ...notes(results)];
}

function notes({ scraped: { scrapes }, smokeping }: Results): readonly string[] {
  const lines = [
    `Clean: nothing lost, unsent or suspect, and at most ${MAX_MISSED_SHARE * 100} % of the due times dropped.`,
    `fping has ${figure(MAX_FPING_TARGETS)} targets: with more than 6,553 echoes a second its sequence numbers run out.`,
  ];
  if (smokeping instanceof Error) lines.push(`smokeping_prober is missing. ${smokeping.message}.`);
  if (scrapes === undefined) return lines;
  const megabytes = scrapes.bytes / Math.max(scrapes.done, 1) / 1e6;
  const longestMilliseconds = scrapes.longestSeconds * 1000;
  return [
    `Scrapes: ${scrapes.done} done, ${scrapes.failed} failed, ${figure(megabytes, 1)} MB each, the longest ${figure(longestMilliseconds)} ms.`,
    ...lines,
  ];
}

function cells(measurement: Measurement, ratio: string, missed: string): readonly string[] {
  return [
    measurement.who,
    figure(measurement.targets),
    figure(measurement.echoesPerSecond),
    figure(measurement.echoes),
    figure(measurement.lost),
    missed,
    figure(measurement.cpuSecondsPerEcho * 1e6, 2),
    ratio,
    figure(measurement.peakBytes / 1e6, 1),
  ];
}

function goalsOf(results: Results, seconds: number): readonly Goal[] {
  const { alone, scraped, single, paced, burst } = results;
  const bytesPerTarget = (alone.peakBytes - single.peakBytes) / (alone.targets - single.targets);
  const count = { unit: "", decimals: 0 };
  return [
    { ...none("echoes lost by the agent, alone"), measured: alone.lost },
    { ...none("echoes lost by the agent, scraped"), measured: scraped.lost },
    ...[alone, scraped].map(
      (own): Goal => ({
        name: `due times dropped, ${own === alone ? "alone" : "scraped"}`,
        measured: (own.missed / own.echoes) * 100,
        bound: "at most",
        limit: MAX_MISSED_SHARE * 100,
        unit: "%",
        decimals: 3,
      }),
    ),
    {
      ...count,
      name: "scrapes done",
      measured: scraped.scrapes?.done ?? Number.NaN,
      bound: "at least",
      limit: Math.floor(SCRAPES_PER_SECOND * seconds * MIN_SCRAPES_DONE),
    },
    {
      name: "CPU per echo ÷ paced fping's",
      measured: alone.cpuSecondsPerEcho / paced.cpuSecondsPerEcho,
      bound: "at most",
      limit: MAX_SHARE_OF_PACED_FPING,
      unit: "",
      decimals: 3,
    },
    {
      name: "CPU per echo ÷ bursting fping's",
      measured: alone.cpuSecondsPerEcho / burst.cpuSecondsPerEcho,
      bound: "at most",
      limit: MAX_SHARE_OF_BURST_FPING,
      unit: "",
      decimals: 3,
    },
    ...[alone, scraped].map(
      (own): Goal => ({
        name: `peak memory, ${own === alone ? "alone" : "scraped"}`,
        measured: own.peakBytes / 1e6,
        bound: "at most",
        limit: MAX_PEAK_BYTES / 1e6,
        unit: "MB",
        decimals: 1,
      }),
    ),
    {
      name: "peak memory a target more than with one target",
      measured: bytesPerTarget,
      bound: "at most",
      limit: MAX_BYTES_PER_TARGET,
      unit: "bytes",
      decimals: 0,
    },
    {
      ...count,
      name: "highest rate with nothing lost",
      measured: results.ceilingPerSecond,
      bound: "at least",
      limit: MIN_CEILING_PER_SECOND,
      unit: "echoes/s",
    },
  ];
}

function none(name: string): Omit<Goal, "measured"> {
  return { name, bound: "at most", limit: 0, unit: "", decimals: 0 };
}

try {
  process.exitCode = await main();
} catch (error) {
  const isStopped = error instanceof Error && error.name === "AbortError";
  console.error(isStopped ? "Stopped by a signal" : error);
  process.exitCode = 1;
}
