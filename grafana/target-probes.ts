import { COLOUR, rangeText, thresholds, UP_TEXTS } from "./panels/panel.ts";
import { states } from "./panels/states.ts";
import { timeSeries } from "./panels/time-series.ts";
import { increase, ofTarget, PHASED_PROBERS } from "./selectors.ts";

/** Which way answers come, and where the name leads. */
export const TARGET_PATH = [
  timeSeries({
    title: "Hop limit of replies",
    description:
      "Hop limit (TTL) of replies as they arrive. A step means another path back, or another host that answers.",
    unit: "short",
    isFromZero: false,
    width: 8,
    height: 7,
    queries: [
      { expr: ofTarget("sounder_icmp_reply_hop_limit"), legend: "{{instance}} {{module}}" },
    ],
  }),
  states({
    title: "Address in use",
    description: "To which address the name led, for each agent.",
    unit: "short",
    width: 8,
    height: 7,
    queries: [
      {
        expr: `count by (instance, address) (${ofTarget("sounder_target_info")})`,
        legend: "{{instance}} {{address}}",
      },
    ],
    mappings: [rangeText(1, 1_000_000, COLOUR.neutral, "in use")],
  }),
  timeSeries({
    title: "Failed look-ups",
    description: "Look-ups of the name that gave no address, in each step.",
    unit: "short",
    drawn: "bars",
    width: 8,
    height: 7,
    queries: [
      {
        expr: `sum by (instance) (${increase(ofTarget("sounder_target_resolve_failures_total"))})`,
        legend: "{{instance}}",
      },
    ],
  }),
];

/** Of every prober with phases: a target has those of its modules. */
const PHASE_MEANS = PHASED_PROBERS.map((prober) =>
  ofTarget(`target:sounder_${prober}_duration_seconds:mean_5m`),
).join(" or ");

/** What all other probers say of the same target. */
export const TARGET_PROBES = [
  timeSeries({
    title: "Duration of whole probes",
    description:
      "Median, 99th percentile and mean of whole probes, of the slowest agent or module.",
    unit: "s",
    width: 8,
    height: 8,
    queries: ["p50", "p99", "mean"].map((operation) => ({
      expr: `max(${ofTarget(`target:sounder_probe_duration_seconds:${operation}_5m`)})`,
      legend: operation,
    })),
  }),
  timeSeries({
    title: "Phases",
    description:
      "Mean duration of each phase, over five minutes: together the mean of the whole. A failed probe counts in the phases it reached.",
    unit: "s",
    isStacked: true,
    width: 8,
    height: 8,
    queries: [{ expr: `avg by (phase) (${PHASE_MEANS})`, legend: "{{phase}}" }],
  }),
  timeSeries({
    title: "Failed probes by reason",
    description: "Probes that failed in each step, by why.",
    unit: "short",
    drawn: "bars",
    isStacked: true,
    width: 8,
    height: 8,
    queries: [
      {
        expr: `sum by (reason) (${increase(ofTarget("sounder_probe_failures_by_reason_total"))})`,
        legend: "{{reason}}",
      },
    ],
  }),
  states({
    title: "Up and down",
    description: "Whether the last probe or batch of echoes succeeded, for each agent and module.",
    unit: "short",
    width: 24,
    height: 5,
    queries: [{ expr: ofTarget("sounder_target_up"), legend: "{{instance}} {{module}}" }],
    mappings: [UP_TEXTS],
  }),
  timeSeries({
    title: "Fast pace",
    description: "1 while the target is probed at its fast interval, because it loses echoes.",
    unit: "short",
    width: 24,
    height: 5,
    max: 1,
    queries: [{ expr: ofTarget("sounder_target_fast_probing"), legend: "{{instance}} {{module}}" }],
    limits: thresholds(COLOUR.good),
  }),
];
