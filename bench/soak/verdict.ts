import type { Goal } from "../goal.ts";
import type { HostCounts } from "./messages.ts";
import type { Sample, SoakResult } from "./soak-run.ts";

/** Memory is compared by the median of so many seconds, because a garbage collector breathes. */
const MAX_WINDOW_SECONDS = 30;
const MAX_TOLD_DIFFERENCES = 5;

/** Resident memory at the end less that after the warm-up, as a share of the latter. */
export function memoryGrowth({ run, samples }: SoakResult): number {
  const windowSeconds = Math.min(MAX_WINDOW_SECONDS, (run.seconds - run.warmUpSeconds) / 3);
  const within = (fromSeconds: number): number =>
    median(
      samples
        .filter((sample) => isWithin(sample, fromSeconds, fromSeconds + windowSeconds))
        .map(({ residentBytes }) => residentBytes),
    );
  const lastSeconds = samples.at(-1)?.atSeconds ?? 0;
  return within(lastSeconds - windowSeconds) / within(run.warmUpSeconds) - 1;
}

function isWithin({ atSeconds }: Sample, fromSeconds: number, toSeconds: number): boolean {
  return atSeconds >= fromSeconds && atSeconds <= toSeconds;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** By how much the number of open descriptors varied after the warm-up. */
export function descriptorSpread({ run, samples }: SoakResult): number {
  const open = samples
    .filter(({ atSeconds }) => atSeconds >= run.warmUpSeconds)
    .map(({ descriptors }) => descriptors);
  return Math.max(...open) - Math.min(...open);
}

/** Echoes of the hosts that always answer that ended otherwise. */
export function lossesOf(hosts: readonly HostCounts[]): number {
  return sum(hosts.map(({ lost, suspect, unsent }) => lost + suspect + unsent));
}

/**
 * Where the engine's counters are not the lab's record, a sentence each.
 *
 * A reply that the lab wrote too late (its thread may have to wait for a processor) is one of its replies all the
 * same: the engine counts the echo lost and the reply late, and both sides are held against each other with that.
 */
export function differences({ lab }: SoakResult): readonly string[] {
  const found: string[] = [];
  for (const { counts, record } of lab) {
    const { fates, packets, received } = record.totals;
    const pairs = [
      ["sent", counts.echoes + counts.suspect, received],
      ["unanswered", counts.lost + counts.suspect - counts.lateReplies, fates.down],
      ["answered", counts.echoes - counts.lost + counts.lateReplies, packets.reply],
      ["refused", counts.unsent, 0],
      ["duplicate", counts.duplicateReplies, 0],
      ["corrupt", counts.corruptReplies, 0],
    ] as const;
    for (const [what, ours, theirs] of pairs) {
      if (ours !== theirs) found.push(`${counts.address}: ${ours} ${what}, the lab has ${theirs}`);
    }
  }
  return found;
}

export function soakGoals(result: SoakResult, maxGrowth: number): readonly Goal[] {
  const { counts, labTotals } = result;
  const none = { bound: "at most", limit: 0, unit: "", decimals: 0 } as const;
  return [
    {
      name: "growth of memory after the warm-up",
      measured: memoryGrowth(result) * 100,
      bound: "at most",
      limit: maxGrowth * 100,
      unit: "%",
      decimals: 1,
    },
    { ...none, name: "change of open descriptors", measured: descriptorSpread(result) },
    {
      ...none,
      name: "differences from the lab's record",
      measured: differences(result).length,
    },
    {
      ...none,
      name: "hosts that always answer: lost, suspect, unsent",
      measured: lossesOf(result.far),
    },
    { ...none, name: "packets dropped by the engine's sockets", measured: counts.socketDrops },
    {
      ...none,
      name: "packets the lab could not take or give",
      measured: labTotals.deviceDrops + labTotals.refused,
    },
    { ...none, name: "complaints of the process under test", measured: result.problems.length },
  ];
}

/** The first differences and complaints, for whoever must find out why. */
export function complaintLines(result: SoakResult): readonly string[] {
  return [...differences(result), ...result.problems].slice(0, MAX_TOLD_DIFFERENCES);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
