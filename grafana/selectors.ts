/**
 * How queries choose series. Every selector names job and instance, as dashboard-linter wants it: without them a
 * dashboard mixes agents that have nothing to do with one another.
 */
const AGENT = ['job=~"$job"', 'instance=~"$instance"'];
const GROUP = [...AGENT, 'group=~"$group"'];
const TARGETS = [...GROUP, 'target=~"$target"'];

/**
 * Grafana escapes the value of a variable for a regular expression only where several may be chosen. The target of the
 * page of one target is one, and an address with dots and brackets must be itself: `=`, not `=~`.
 */
const ONE_TARGET = [...GROUP, 'target="$target"'];

/** Series of an agent as a whole. */
export const ofAgents = selectorWith(AGENT);
/** Series of groups: those that have the label `group` and no target. */
export const ofGroups = selectorWith(GROUP);
/** Series of the chosen targets. */
export const ofTargets = selectorWith(TARGETS);
/** Series of the one chosen target, as every agent measures it. */
export const ofTarget = selectorWith(ONE_TARGET);

export type Selector = (metric: string, ...more: readonly string[]) => string;

/** @returns what writes `metric{…}`; the further matchers are whole ones, such as `phase="tls"`. */
function selectorWith(matchers: readonly string[]): Selector {
  return (metric, ...more) => `${metric}{${[...matchers, ...more].join(", ")}}`;
}

/** How much a counter grew a second, over a window that fits the step of the panel and the scrape interval. */
export function rate(selected: string): string {
  return `rate(${selected}[$__rate_interval])`;
}

/** How much it grew around each point: in a step, or in four scrapes where a step is shorter. */
export function increase(selected: string): string {
  return `increase(${selected}[$__rate_interval])`;
}

/** Every prober whose probes have phases, as in the names of its duration. */
export const PHASED_PROBERS = ["http", "tcp", "dns", "grpc", "unix", "websocket"] as const;

/** Labels that tell one measured stream from another, as people know it. */
export const STREAM = "instance, group, module, target";

/**
 * The same result of icmp and of all other probers: round-trip time or duration of the whole probe.
 *
 * @param operation As the recording rules name it: `p50_5m`, `p99_5m`, `mean_5m`.
 */
export function responseTime(of: Selector, operation: string): string {
  const icmp = of(`target:sounder_icmp_rtt_seconds:${operation}`);
  const others = of(`target:sounder_probe_duration_seconds:${operation}`);
  return `(${icmp} or ${others})`;
}

/**
 * Those of many series that were worst within the shown time, at every moment of it: a plain `topk` would choose anew for
 * each point, and draw dozens of broken lines.
 *
 * @param series A selector; it is asked for twice.
 */
export function worst(count: number, series: string): string {
  return `${series} and topk(${count}, max_over_time(${series}[$__range] @ end()))`;
}
