import type { ProberName } from "../probe/module.ts";
import { formatDuration } from "../runtime/units.ts";
import {
  type DefaultsOptions,
  type GroupOptions,
  MIN_ECHO_SPACING_SECONDS,
} from "../target/options.ts";
import { groupFrom } from "./group.ts";
import type { Finding } from "./messages.ts";

/** Shortest interval of a prober that opens a connection each time. */
const MIN_CONNECTION_INTERVAL_SECONDS = 0.1;

/** So many times as often as normally may a failing target be connected to, and no more: it may be overloaded. */
const MAX_CONNECTIONS_FOR_ONE = 10;

export type Path = readonly PropertyKey[];
export type Report = (path: Path, message: string, aspect?: Finding["aspect"]) => void;

/** A group with what its times are judged by. */
type Timed = {
  readonly group: GroupOptions;
  readonly defaults: DefaultsOptions;
  /** Of its modules; undefined for a module that does not exist or is not valid. */
  readonly probers: readonly (ProberName | undefined)[];
  readonly path: Path;
  readonly report: Report;
};

/** What is wrong between the times of a group, and between them and its modules. */
export function checkTimes(timed: Timed): void {
  checkInterval(timed);
  checkLossWindow(timed);
  checkEchoes(timed);
  checkFastPace(timed);
}

/** Whether the prober is among those of a group, or may be: of a broken module nobody knows. */
export function mayHave(prober: ProberName, probers: Timed["probers"]): boolean {
  return probers.includes(prober) || probers.includes(undefined);
}

function intervalOf({ group, defaults }: Timed): number {
  return group.interval ?? defaults.interval;
}

function connectingProber({ probers }: Timed): ProberName | undefined {
  return probers.find((prober) => prober !== undefined && prober !== "icmp");
}

function checkInterval(timed: Timed): void {
  const { group, path, report } = timed;
  const interval = intervalOf(timed);
  const connecting = connectingProber(timed);
  const shortest =
    connecting === undefined ? MIN_ECHO_SPACING_SECONDS : MIN_CONNECTION_INTERVAL_SECONDS;
  if (interval >= shortest) return;
  report(
    group.interval === undefined ? ["defaults", "interval"] : [...path, "interval"],
    `interval: must be at least ${formatDuration(shortest)} for the prober ${connecting ?? "icmp"}, found ${formatDuration(interval)}`,
  );
}

function checkLossWindow(timed: Timed): void {
  const { group, path, report } = timed;
  const interval = intervalOf(timed);
  if (group.loss_window === undefined || group.loss_window >= interval) return;
  report(
    [...path, "loss_window"],
    `loss_window: ${formatDuration(group.loss_window)} is shorter than the interval of ${formatDuration(interval)} and would never hold an echo: lengthen it`,
  );
}

function checkEchoes(timed: Timed): void {
  const { group, defaults, probers, path, report } = timed;
  if (group.echoes === undefined) return;
  if (!mayHave("icmp", probers)) {
    report(
      [...path, "echoes"],
      "echoes: no module of this group is an icmp one: remove this key",
      "key",
    );
    return;
  }
  const interval = intervalOf(timed);
  const { count, spacingSeconds } = groupFrom({ ...group, targets: [] }, defaults).echoes;
  if (count > 1 && microseconds(count * spacingSeconds) > microseconds(interval)) {
    report(
      [...path, "echoes"],
      `echoes: ${count} echoes ${formatDuration(spacingSeconds)} apart do not fit the interval of ${formatDuration(interval)}: lower count or spacing, or lengthen the interval`,
    );
  }
}

/** Only what the group writes itself: a fast interval of the defaults that does not fit it is none. */
function checkFastPace(timed: Timed): void {
  const { group, probers, path, report } = timed;
  const fast = group.fast_interval;
  if (fast === undefined) {
    if (group.fast_until_loss === undefined || mayHave("icmp", probers)) return;
    report(
      [...path, "fast_until_loss"],
      "fast_until_loss: without an icmp module a group has a fast pace only if it writes fast_interval itself: write that too, or remove this key",
      "key",
    );
    return;
  }
  const connecting = connectingProber(timed);
  const problem = fastIntervalProblem(fast, intervalOf(timed), connecting);
  if (problem === undefined) return;
  const isMixed = connecting !== undefined && probers.includes("icmp");
  const more = isMixed ? ", or put the icmp modules into a group of their own" : "";
  report([...path, "fast_interval"], `fast_interval: ${problem}${more}`);
}

function fastIntervalProblem(
  fast: number,
  interval: number,
  connecting: ProberName | undefined,
): string | undefined {
  if (fast === 0) return undefined;
  if (fast >= interval) {
    return `${formatDuration(fast)} is not shorter than the interval of ${formatDuration(interval)}: shorten it, or write 0s for no fast pace`;
  }
  if (connecting === undefined) return undefined;
  if (microseconds(fast * MAX_CONNECTIONS_FOR_ONE) < microseconds(interval)) {
    const shortest = formatDuration(interval / MAX_CONNECTIONS_FOR_ONE);
    return `must be at least ${shortest} for the prober ${connecting}, a tenth of the interval of ${formatDuration(interval)}, found ${formatDuration(fast)}: lengthen it`;
  }
  if (fast < MIN_CONNECTION_INTERVAL_SECONDS) {
    return `must be at least ${formatDuration(MIN_CONNECTION_INTERVAL_SECONDS)} for the prober ${connecting}, found ${formatDuration(fast)}: lengthen it`;
  }
  return undefined;
}

/** Whole ones, so that 10 × 0.1 s fits 1 s. */
function microseconds(seconds: number): number {
  return Math.round(seconds * 1e6);
}
