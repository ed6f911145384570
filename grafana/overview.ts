import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { dashboard, FROM_ROW_TO_TARGET, FROM_SERIES_TO_TARGET, UID } from "./dashboard.ts";
import { COLOUR, LOSS_THRESHOLDS, noNumberText, thresholds, UP_TEXTS } from "./panels/panel.ts";
import type { Query } from "./panels/query.ts";
import { stat } from "./panels/stat.ts";
import { states } from "./panels/states.ts";
import { table } from "./panels/table.ts";
import { property, timeSeries } from "./panels/time-series.ts";
import { increase, ofAgents, ofTargets, responseTime, STREAM, worst } from "./selectors.ts";
import { group, instance, job, targets } from "./variables.ts";

const UP = ofTargets("sounder_target_up");
const FAILURES = ofTargets("target:sounder_failures:ratio_5m");
const WORST_COUNT = 10;

/** The worst of icmp and of the others apart: what is slow for an echo is fast for a page. */
function worstOf(operation: string): readonly Query[] {
  return [
    `target:sounder_icmp_rtt_seconds:${operation}`,
    `target:sounder_probe_duration_seconds:${operation}`,
  ].map((name) => ({
    expr: worst(WORST_COUNT, ofTargets(name)),
    legend: "{{target}} {{module}}",
  }));
}

const SUMMARY = [
  stat({
    title: "Targets",
    description: "Targets that are measured now: one for each module and agent that probes it.",
    unit: "short",
    queries: [{ expr: `count(${UP})` }],
    width: 4,
    noValue: "none",
  }),
  stat({
    title: "Down",
    description:
      "Targets whose last probe failed, or of whose last batch of echoes none was answered.",
    unit: "short",
    queries: [{ expr: `count(${UP} == 0) or vector(0)` }],
    width: 4,
    colours: thresholds(COLOUR.good, [1, COLOUR.bad]),
  }),
  stat({
    title: "With loss or failures",
    description: "Targets that lost an echo or failed a probe within the last five minutes.",
    unit: "short",
    queries: [{ expr: `count(${FAILURES} > 0) or vector(0)` }],
    width: 4,
    colours: thresholds(COLOUR.good, [1, COLOUR.notice]),
  }),
  stat({
    title: "Loss of all echoes",
    description:
      "Lost among all finished echoes of the last five minutes. A target that is probed more often weighs more.",
    unit: "percentunit",
    decimals: 2,
    queries: [
      {
        expr: `sum(${ofTargets("target:sounder_failures:increase_5m")} and ${ofTargets("target:sounder_icmp_loss:ratio_5m")}) / sum(${ofTargets("target:sounder_samples:increase_5m")} and ${ofTargets("target:sounder_icmp_loss:ratio_5m")})`,
      },
    ],
    width: 4,
    colours: LOSS_THRESHOLDS,
    hasCourse: true,
  }),
  stat({
    title: "Alerts",
    description: "Alerts that fire now, of the rules in deploy/prometheus.",
    unit: "short",
    queries: [{ expr: `count(${ofAgents("ALERTS", 'alertstate="firing"')}) or vector(0)` }],
    width: 4,
    colours: thresholds(COLOUR.good, [1, COLOUR.warning]),
  }),
  stat({
    title: "Agents in doubt",
    description:
      "Agents that doubted their own measurement within the last ten minutes: read their losses with the dashboard of the agent beside them.",
    unit: "short",
    queries: [
      { expr: `sum(${ofAgents("instance:sounder_measurement_suspect:max_10m")}) or vector(0)` },
    ],
    width: 4,
    colours: thresholds(COLOUR.good, [1, COLOUR.warning]),
  }),
];

const STATUS = table({
  title: "Every target",
  description:
    "Each target as each agent sees it, those with the most loss or failures first; one that is down because nothing could be sent counts as lost. Times are round-trip times of icmp and durations of all other probes. A click on a target leads to its page.",
  unit: "short",
  width: 24,
  height: 12,
  labels: ["target", "module", "group", "instance"],
  worstBy: "Loss or failures",
  links: { target: FROM_ROW_TO_TARGET },
  columns: [
    {
      name: "State",
      unit: "short",
      expr: `min by (${STREAM}) (${UP})`,
      mappings: [UP_TEXTS, noNumberText("unknown", COLOUR.unknown)],
    },
    {
      name: "Loss or failures",
      unit: "percentunit",
      decimals: 1,
      // Where nothing could be sent nothing was lost, and the target is down all the same.
      expr: `max by (${STREAM}) (${FAILURES}) or 1 - min by (${STREAM}) (${UP})`,
      colours: LOSS_THRESHOLDS,
    },
    {
      name: "p50",
      unit: "s",
      decimals: 1,
      expr: `max by (${STREAM}) (${responseTime(ofTargets, "p50_5m")})`,
    },
    {
      name: "p99",
      unit: "s",
      decimals: 1,
      expr: `max by (${STREAM}) (${responseTime(ofTargets, "p99_5m")})`,
    },
    {
      name: "Success, 1 d",
      unit: "percentunit",
      decimals: 2,
      expr: `min by (${STREAM}) (${ofTargets("target:sounder_success:ratio_1d")})`,
    },
    {
      name: "Last result",
      unit: "dateTimeFromNow",
      expr: `max by (${STREAM}) (${ofTargets("sounder_target_last_finished_timestamp_seconds")}) * 1000`,
    },
  ],
});

const ALERTS = table({
  title: "Alerts that fire",
  description: "What the shipped alert rules have to say now. Their text is in Alertmanager.",
  unit: "short",
  width: 12,
  height: 9,
  labels: ["alertname", "severity", "target", "instance"],
  worstBy: "Alerts",
  links: { target: FROM_ROW_TO_TARGET },
  columns: [
    {
      name: "Alerts",
      unit: "short",
      expr: `count by (alertname, severity, target, instance) (${ofAgents("ALERTS", 'alertstate="firing"')})`,
    },
  ],
});

const LINKS = [property("links", [FROM_SERIES_TO_TARGET])];

export const overview: Dashboard = dashboard({
  uid: UID.overview,
  title: "Sounder / Overview",
  description: "Status of every target, and which are the worst.",
  shows: "6h",
  variables: [
    job("sounder_build_info"),
    instance("sounder_build_info", "Agent that measures."),
    group("sounder_target_up"),
    targets("sounder_target_up"),
  ],
  rows: [
    { title: "Now", panels: [...SUMMARY, STATUS] },
    {
      title: "Over time",
      panels: [
        states({
          title: "Targets that were down",
          description:
            "Targets with a failed probe or an unanswered batch of echoes within the shown time. Gaps: nothing was measured, or the agent doubted it.",
          unit: "short",
          width: 12,
          height: 9,
          queries: [
            {
              expr: `min by (${STREAM}) (${UP}) and min by (${STREAM}) (min_over_time(${UP}[$__range] @ end())) == 0`,
              legend: "{{target}} {{module}}",
            },
          ],
          mappings: [UP_TEXTS],
        }),
        ALERTS,
        timeSeries({
          title: "Loss or failures, worst ten",
          description:
            "Lost echoes or failed probes, over five minutes each, of the ten targets that were worst within the shown time.",
          unit: "percentunit",
          max: 1,
          width: 24,
          height: 8,
          queries: [{ expr: worst(WORST_COUNT, FAILURES), legend: "{{target}} {{module}}" }],
          legend: "table",
        }).overrideByRegexp(".*", LINKS),
        timeSeries({
          title: "p50, worst ten",
          description:
            "Median of the round-trip time (icmp) or of the duration of whole probes, of the slowest targets of each kind.",
          unit: "s",
          isLogarithmic: true,
          width: 12,
          height: 9,
          queries: worstOf("p50_5m"),
          legend: "table",
        }).overrideByRegexp(".*", LINKS),
        timeSeries({
          title: "p99, worst ten",
          description:
            "The time that one in a hundred exceeded: round-trip time (icmp) or duration of whole probes, of the slowest targets of each kind.",
          unit: "s",
          isLogarithmic: true,
          width: 12,
          height: 9,
          queries: worstOf("p99_5m"),
          legend: "table",
        }).overrideByRegexp(".*", LINKS),
        timeSeries({
          title: "Failed probes by reason",
          description: "Probes of all kinds but icmp that failed in each step, by why.",
          unit: "short",
          drawn: "bars",
          isStacked: true,
          width: 12,
          height: 8,
          queries: [
            {
              expr: `sum by (reason) (${increase(ofTargets("sounder_probe_failures_by_reason_total"))})`,
              legend: "{{reason}}",
            },
          ],
        }),
        timeSeries({
          title: "Lost echoes by reason",
          description:
            "Lost echoes in each step that an ICMP error explained, and those that nothing explained.",
          unit: "short",
          drawn: "bars",
          isStacked: true,
          width: 12,
          height: 8,
          queries: [
            {
              expr: `sum by (reason) (${increase(ofTargets("sounder_icmp_lost_by_reason_total"))})`,
              legend: "{{reason}}",
            },
            {
              expr: `sum(${increase(ofTargets("sounder_icmp_lost_total"))}) - (sum(${increase(ofTargets("sounder_icmp_lost_by_reason_total"))}) or vector(0))`,
              legend: "silence",
            },
          ],
        }),
      ],
    },
  ],
});
