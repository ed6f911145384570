import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { addressChanges, hopLimitChanges } from "./annotations.ts";
import { dashboard, UID } from "./dashboard.ts";
import { heatmap } from "./panels/heatmap.ts";
import { COLOUR, LOSS_THRESHOLDS, noNumberText, UP_TEXTS } from "./panels/panel.ts";
import { smokeBand } from "./panels/smoke.ts";
import { stat } from "./panels/stat.ts";
import { fixedColour, timeSeries } from "./panels/time-series.ts";
import { increase, ofTarget, rate, responseTime } from "./selectors.ts";
import { TARGET_PATH, TARGET_PROBES } from "./target-probes.ts";
import { group, instance, job, oneTarget } from "./variables.ts";

/** Of a counter, in each step, summed over agents and modules. */
function counted(metric: string): string {
  return `sum(${increase(ofTarget(metric))})`;
}

/** What also came, or did not leave: all of them are 0 on a healthy path. */
const ODDITIES = [
  { metric: "sounder_icmp_late_replies_total", legend: "late" },
  { metric: "sounder_icmp_duplicate_replies_total", legend: "duplicate" },
  { metric: "sounder_icmp_reordered_replies_total", legend: "reordered" },
  { metric: "sounder_icmp_corrupt_replies_total", legend: "corrupt" },
  { metric: "sounder_icmp_unsent_total", legend: "not sent" },
  { metric: "sounder_icmp_suspect_echoes_total", legend: "suspect" },
] as const;

const NOW = [
  stat({
    title: "State",
    description:
      "Whether the last probe or batch of echoes succeeded, for the agent that sees it worst.",
    unit: "short",
    width: 3,
    queries: [{ expr: `min(${ofTarget("sounder_target_up")})` }],
    mappings: [UP_TEXTS, noNumberText("unknown", COLOUR.unknown)],
    noValue: "unknown",
  }),
  stat({
    title: "Address",
    description: "The address in use, of every agent.",
    unit: "string",
    width: 5,
    queries: [
      { expr: `count by (address) (${ofTarget("sounder_target_info")})`, legend: "{{address}}" },
    ],
    shows: "name",
    noValue: "none",
  }),
  stat({
    title: "Loss or failures",
    description: "Lost echoes or failed probes within the last five minutes.",
    unit: "percentunit",
    decimals: 1,
    width: 4,
    queries: [{ expr: `max(${ofTarget("target:sounder_failures:ratio_5m")})` }],
    colours: LOSS_THRESHOLDS,
    hasCourse: true,
  }),
  stat({
    title: "p50",
    description: "Median round-trip time (icmp) or duration of whole probes, the slower of both.",
    unit: "s",
    decimals: 1,
    width: 3,
    queries: [{ expr: `max(${responseTime(ofTarget, "p50_5m")})` }],
    hasCourse: true,
  }),
  stat({
    title: "p99",
    description:
      "The time that one in a hundred exceeded: round-trip time (icmp) or duration of whole probes, the slower of both.",
    unit: "s",
    decimals: 1,
    width: 3,
    queries: [{ expr: `max(${responseTime(ofTarget, "p99_5m")})` }],
    hasCourse: true,
  }),
  stat({
    title: "Success, 30 d",
    description: "Answered echoes or good probes among all, over thirty days or as long as known.",
    unit: "percentunit",
    decimals: 3,
    width: 3,
    queries: [{ expr: `min(${ofTarget("target:sounder_success:ratio_30d")})` }],
  }),
  stat({
    title: "Last result",
    description: "When the last probe or echo finished.",
    unit: "dateTimeFromNow",
    width: 3,
    queries: [
      {
        expr: `max(${ofTarget("sounder_target_last_finished_timestamp_seconds")}) * 1000`,
      },
    ],
  }),
];

const ECHOES = [
  smokeBand(),
  timeSeries({
    title: "Loss",
    description:
      "Lost among finished echoes, over five minutes at each point. Echoes that the agent may have lost itself are in neither.",
    unit: "percentunit",
    max: 1,
    width: 12,
    height: 8,
    queries: [
      { expr: ofTarget("target:sounder_icmp_loss:ratio_5m"), legend: "{{instance}} {{module}}" },
    ],
  }),
  timeSeries({
    title: "Lost echoes by reason",
    description: "Lost echoes in each step by the ICMP error that came, and those without any.",
    unit: "short",
    drawn: "bars",
    isStacked: true,
    width: 12,
    height: 8,
    queries: [
      {
        expr: `sum by (reason) (${increase(ofTarget("sounder_icmp_lost_by_reason_total"))})`,
        legend: "{{reason}}",
      },
      {
        expr: `${counted("sounder_icmp_lost_total")} - (${counted("sounder_icmp_lost_by_reason_total")} or vector(0))`,
        legend: "silence",
      },
    ],
  }).overrideByName("silence", [fixedColour(COLOUR.unknown)]),
  heatmap({
    title: "Round-trip times",
    description: "How many round-trip times fell into each bucket in each step.",
    unit: "s",
    width: 24,
    height: 9,
    metric: "sounder_icmp_rtt_seconds",
    of: ofTarget,
  }),
  timeSeries({
    title: "Against the usual",
    description:
      "The mean round-trip time, and what it usually was over a day and over a week. The usual is there once it rests on enough data.",
    unit: "s",
    width: 12,
    height: 8,
    queries: [
      { expr: `max(${ofTarget("target:sounder_icmp_rtt_seconds:mean_5m")})`, legend: "mean" },
      {
        expr: `max(${ofTarget("target:sounder_icmp_rtt_seconds:median_1d")})`,
        legend: "usual, 1 d",
      },
      {
        expr: `max(${ofTarget("target:sounder_icmp_rtt_seconds:median_7d")})`,
        legend: "usual, 7 d",
      },
    ],
  }),
  timeSeries({
    title: "Jitter",
    description: "Jitter as RFC 3550 has it, over round-trip times; mean over five minutes.",
    unit: "s",
    width: 12,
    height: 8,
    queries: [
      {
        expr: ofTarget("target:sounder_icmp_jitter_seconds:avg_5m"),
        legend: "{{instance}} {{module}}",
      },
    ],
  }),
  timeSeries({
    title: "What also came",
    description:
      "Replies that were late, double, out of order or damaged, echoes the kernel refused to send, and echoes the agent may have lost itself. All are 0 on a healthy path.",
    unit: "short",
    drawn: "bars",
    isStacked: true,
    width: 12,
    height: 8,
    queries: ODDITIES.map(({ metric, legend }) => ({ expr: counted(metric), legend })),
  }),
  timeSeries({
    title: "Echoes a second",
    description: "Echoes of the grid and extra echoes of the fast pace that finished, a second.",
    unit: "pps",
    width: 12,
    height: 8,
    queries: [
      {
        expr: `sum(${rate(ofTarget("sounder_icmp_echoes_total"))})`,
        legend: "grid",
      },
      {
        expr: `sum(${rate(ofTarget("sounder_icmp_fast_echoes_total"))})`,
        legend: "fast pace",
      },
    ],
  }),
];

export const target: Dashboard = dashboard({
  uid: UID.target,
  title: "Sounder / Target",
  description: "One target: round-trip times as smoke, loss, path, and what its other probes say.",
  shows: "3h",
  variables: [
    job("sounder_build_info"),
    instance("sounder_build_info", "Agents that measure it."),
    group("sounder_target_up"),
    oneTarget("sounder_target_up"),
  ],
  annotations: [hopLimitChanges, addressChanges],
  rows: [
    { title: "Now", panels: NOW },
    { title: "Echoes", panels: ECHOES },
    { title: "Path and name", panels: TARGET_PATH },
    { title: "Probes", panels: TARGET_PROBES },
  ],
});
