import type { Module } from "../probe/module.ts";
import type { FastPace, Group } from "../target/group.ts";
import {
  type DefaultsOptions,
  type GroupOptions,
  MIN_ECHO_SPACING_SECONDS,
} from "../target/options.ts";

const DEFAULT_ECHO_SPACING_SECONDS = 1;
const DEFAULT_TIMEOUT_SECONDS = 10;
const DEFAULT_ICMP_TIMEOUT_SECONDS = 5;

/** A group of the file with the defaults merged in and every label in its targets. */
export function groupFrom(group: GroupOptions, defaults: DefaultsOptions): Group {
  const intervalSeconds = group.interval ?? defaults.interval;
  const untilLoss = group.fast_until_loss ?? defaults.fast_until_loss;
  const groupLabels = { ...defaults.labels, ...group.labels };
  return {
    name: group.name,
    modules: group.modules,
    intervalSeconds,
    echoes: echoesOf(group, intervalSeconds),
    // A common window shorter than the interval of one group would never hold an echo of it.
    lossWindowSeconds: group.loss_window ?? Math.max(defaults.loss_window, intervalSeconds),
    fastIcmp: fastPaceOf(group.fast_interval ?? defaults.fast_interval, intervalSeconds, untilLoss),
    // A connection costs both sides more than an echo: a common default must not multiply them.
    fastProbe: fastPaceOf(group.fast_interval ?? 0, intervalSeconds, untilLoss),
    resolve: group.resolve,
    buckets: group.buckets,
    targets: group.targets.map(({ target, labels }) => ({
      target,
      // Shared where nothing differs: a hundred thousand targets have mostly the group's labels.
      labels: Object.keys(labels).length === 0 ? groupLabels : { ...groupLabels, ...labels },
    })),
  };
}

/** 0 s is none, and so is a common fast interval that is no shorter than the group's own. */
function fastPaceOf(
  fastSeconds: number,
  intervalSeconds: number,
  untilLoss: number,
): FastPace | undefined {
  if (fastSeconds === 0 || fastSeconds >= intervalSeconds) return undefined;
  return { intervalSeconds: fastSeconds, untilLoss };
}

function echoesOf(group: GroupOptions, intervalSeconds: number): Group["echoes"] {
  const count = group.echoes?.count ?? 1;
  const evenly = Math.max(MIN_ECHO_SPACING_SECONDS, intervalSeconds / count);
  const spacingSeconds = group.echoes?.spacing ?? Math.min(DEFAULT_ECHO_SPACING_SECONDS, evenly);
  return { count, spacingSeconds };
}

/**
 * How long a probe of a group may take: what its module says, else the interval or 10 s (icmp: 5 s),
 * whichever is less.
 */
export function probeTimeoutSeconds(module: Module, intervalSeconds: number): number {
  const longest = module.prober === "icmp" ? DEFAULT_ICMP_TIMEOUT_SECONDS : DEFAULT_TIMEOUT_SECONDS;
  return module.timeout ?? Math.min(intervalSeconds, longest);
}
