import type { EngineOptions } from "../icmp/options.ts";
import { quote } from "../runtime/found.ts";
import { formatDuration } from "../runtime/units.ts";
import type { Group } from "../target/group.ts";
import { streamKey } from "../target/target.ts";
import type { Config } from "./config.ts";
import { probeTimeoutSeconds } from "./group.ts";

/** Sixteen ICMP identifiers of 65,536 sequence numbers each (RFC 792) name what is in flight. */
const MAX_ECHOES_IN_FLIGHT = 16 * 65_536;

const LARGEST_SHOWN = 3;

/** A sum of fractions such as 1/0.3 must not exceed a budget it equals. */
const TOLERANCE = 1 + 1e-9;

type Modules = Config["modules"];

/** What the grid of all groups sends, a name counted as one address. Equal streams are one. */
export function echoesPerSecond(config: Pick<Config, "groups" | "modules">): number {
  return total(loadsOf(config.groups, config.modules).map(({ perSecond }) => perSecond));
}

/** Different (group, module, target, labels). */
export function streamCount(config: Pick<Config, "groups">): number {
  const keys = new Set<string>();
  for (const group of config.groups) {
    for (const module of group.modules) {
      for (const target of group.targets) keys.add(streamKey(group.name, module, target));
    }
  }
  return keys.size;
}

/** Why the engine could not carry these groups, as a sentence; undefined when it can. */
export function budgetProblem(
  groups: readonly Group[],
  modules: Modules,
  engine: Pick<EngineOptions, "max_packets_per_second" | "max_fast_packets_per_second">,
): string | undefined {
  const { max_packets_per_second: maxPacketsPerSecond } = engine;
  const loads = loadsOf(groups, modules);
  const perSecond = total(loads.map((load) => load.perSecond));
  if (perSecond > maxPacketsPerSecond * TOLERANCE) {
    const largest = largestOf(loads, (load) => load.perSecond);
    return `the groups need ${rounded(perSecond)} echoes/s, icmp.max_packets_per_second allows ${maxPacketsPerSecond} (largest: ${largest}): raise it, lengthen intervals or move targets to another agent`;
  }
  const inFlight = total(loads.map((load) => load.inFlight));
  const fastInFlight = fastEchoesInFlight(loads, engine.max_fast_packets_per_second);
  if (inFlight + fastInFlight > MAX_ECHOES_IN_FLIGHT * TOLERANCE) {
    if (inFlight <= MAX_ECHOES_IN_FLIGHT * TOLERANCE) {
      return `with silent targets ${rounded(inFlight + fastInFlight)} echoes would wait for an answer at once, ${rounded(fastInFlight)} of them of the fast pace, at most ${MAX_ECHOES_IN_FLIGHT} can: lower icmp.max_fast_packets_per_second, or shorten the timeout of the icmp modules`;
    }
    const largest = largestOf(loads, (load) => load.inFlight);
    return `with silent targets ${rounded(inFlight)} echoes would wait for an answer at once, at most ${MAX_ECHOES_IN_FLIGHT} can (largest: ${largest}): shorten the timeout of the icmp modules or lengthen intervals`;
  }
  return undefined;
}

type Load = {
  readonly group: string;
  readonly intervalSeconds: number;
  readonly perSecond: number;
  /** Echoes that wait for an answer at once if nobody answers. */
  readonly inFlight: number;
  /** What the fast pace wants if all fail, and how many of those would wait; its own budget left aside. */
  readonly fastPerSecond: number;
  readonly fastInFlight: number;
};

/** Within the budget of the fast pace every target is probed equally less often. */
function fastEchoesInFlight(loads: readonly Load[], maxFastPerSecond: number): number {
  const wantedPerSecond = total(loads.map((load) => load.fastPerSecond));
  const share = Math.min(1, maxFastPerSecond / wantedPerSecond);
  return wantedPerSecond === 0 ? 0 : share * total(loads.map((load) => load.fastInFlight));
}

function loadsOf(groups: readonly Group[], modules: Modules): readonly Load[] {
  return groups.map((group) => {
    let perSecond = 0;
    let inFlight = 0;
    let fastPerSecond = 0;
    let fastInFlight = 0;
    for (const name of new Set(group.modules)) {
      const module = modules[name];
      if (module?.prober !== "icmp") continue;
      const streams = new Set(group.targets.map((target) => streamKey(group.name, name, target)));
      const rate = (streams.size * group.echoes.count) / group.intervalSeconds;
      const timeoutSeconds = probeTimeoutSeconds(module, group.intervalSeconds);
      perSecond += rate;
      inFlight += rate * timeoutSeconds;
      if (group.fastIcmp === undefined) continue;
      const fastRate = streams.size / group.fastIcmp.intervalSeconds;
      fastPerSecond += fastRate;
      fastInFlight += fastRate * timeoutSeconds;
    }
    const { name, intervalSeconds } = group;
    return { group: name, intervalSeconds, perSecond, inFlight, fastPerSecond, fastInFlight };
  });
}

function largestOf(loads: readonly Load[], figure: (load: Load) => number): string {
  const falling = [...loads]
    .filter((load) => figure(load) > 0)
    .sort((a, b) => figure(b) - figure(a));
  return falling
    .slice(0, LARGEST_SHOWN)
    .map(
      (load) =>
        `${quote(load.group)} ${rounded(figure(load))} at ${formatDuration(load.intervalSeconds)}`,
    )
    .join(", ");
}

function total(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0);
}

function rounded(figure: number): string {
  return String(figure >= 100 ? Math.ceil(figure) : Number(figure.toPrecision(3)));
}
