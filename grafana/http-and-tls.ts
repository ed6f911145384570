import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { dashboard, FROM_ROW_TO_TARGET, UID } from "./dashboard.ts";
import { bars } from "./panels/bars.ts";
import {
  COLOUR,
  EXPIRY_THRESHOLDS,
  LOSS_THRESHOLDS,
  STATUS_CODE_TEXTS,
  thresholds,
  UP_TEXTS,
} from "./panels/panel.ts";
import { stat } from "./panels/stat.ts";
import { states } from "./panels/states.ts";
import { table } from "./panels/table.ts";
import { timeSeries } from "./panels/time-series.ts";
import { increase, ofTargets, STREAM } from "./selectors.ts";
import { EXPIRY_WARNING_DAYS, EXPIRY_WARNING_SECONDS, LAST_NOT_AFTER, TLS } from "./tls.ts";
import { group, instance, job, targets } from "./variables.ts";

const CODE = ofTargets("sounder_http_status_code");
const MEANS = ofTargets("target:sounder_http_duration_seconds:mean_5m");

/** From the first to the last, as a probe passes through them: so they are stacked. */
const PHASES = ["resolve", "connect", "tls", "processing", "transfer"] as const;

const NOW = [
  stat({
    title: "Targets",
    description: "Targets of http modules: one for each module and agent that probes it.",
    unit: "short",
    width: 4,
    queries: [{ expr: `count(${CODE})` }],
    noValue: "none",
  }),
  stat({
    title: "Without an answer",
    description: "Targets whose last probe got no HTTP answer at all.",
    unit: "short",
    width: 4,
    queries: [{ expr: `count(${CODE} == 0) or vector(0)` }],
    colours: thresholds(COLOUR.good, [1, COLOUR.bad]),
  }),
  stat({
    title: "Failed probes",
    description: "Failed among all probes of http modules within the last five minutes.",
    unit: "percentunit",
    decimals: 2,
    width: 4,
    queries: [
      {
        expr: `sum(${ofTargets("target:sounder_failures:increase_5m")} and ${ofTargets("sounder_http_status_code")}) / (sum(${ofTargets("target:sounder_samples:increase_5m")} and ${ofTargets("sounder_http_status_code")}) > 0)`,
      },
    ],
    colours: LOSS_THRESHOLDS,
    hasCourse: true,
  }),
  stat({
    title: "Slowest p99",
    description: "The time that one in a hundred probes of the slowest http target exceeded.",
    unit: "s",
    decimals: 1,
    width: 4,
    queries: [
      {
        expr: `max(${ofTargets("target:sounder_probe_duration_seconds:p99_5m")} and ${CODE})`,
      },
    ],
    hasCourse: true,
  }),
  stat({
    title: "Next expiry",
    description:
      "How long the first certificate to expire is still valid, whatever protocol uses it.",
    unit: "dtdurations",
    decimals: 0,
    width: 4,
    queries: [{ expr: `min(${LAST_NOT_AFTER}) - time()` }],
    colours: EXPIRY_THRESHOLDS,
    noValue: "no TLS",
  }),
  stat({
    title: `Expire within ${EXPIRY_WARNING_DAYS} d`,
    description: `Targets with a certificate that is valid for less than ${EXPIRY_WARNING_DAYS} days, or no longer.`,
    unit: "short",
    width: 4,
    queries: [
      {
        expr: `count(${LAST_NOT_AFTER} - time() < ${EXPIRY_WARNING_SECONDS}) or vector(0)`,
      },
    ],
    colours: thresholds(COLOUR.good, [1, COLOUR.warning]),
  }),
];

const HTTP = [
  timeSeries({
    title: "Phases",
    description:
      "Mean duration of each phase over five minutes, stacked: together the mean of a whole probe. Averaged over the chosen targets; choose one to see it alone.",
    unit: "s",
    isStacked: true,
    width: 12,
    height: 10,
    queries: PHASES.map((phase) => ({
      expr: `avg(${ofTargets("target:sounder_http_duration_seconds:mean_5m", `phase="${phase}"`)})`,
      legend: phase,
    })),
  }),
  timeSeries({
    title: "p99 by phase",
    description:
      "The time that one in a hundred probes exceeded in each phase, of the slowest target.",
    unit: "s",
    width: 12,
    height: 10,
    queries: PHASES.map((phase) => ({
      expr: `max(${ofTargets("target:sounder_http_duration_seconds:p99_5m", `phase="${phase}"`)})`,
      legend: phase,
    })),
  }),
  states({
    title: "Status codes over time",
    description: "The status code of the last probe; 0 when no answer came.",
    unit: "short",
    width: 16,
    height: 9,
    showsValue: true,
    queries: [{ expr: `max by (${STREAM}) (${CODE})`, legend: "{{target}} {{module}}" }],
    mappings: STATUS_CODE_TEXTS,
  }),
  bars({
    title: "Targets by status code",
    description: "How many targets answered with which code to the last probe.",
    unit: "short",
    width: 8,
    height: 9,
    queries: [{ expr: `count_values("code", ${CODE})`, legend: "{{code}}" }],
    noValue: "none",
  }),
  table({
    title: "Every HTTP target",
    description: "The last probe and the last five minutes of each target, the slowest first.",
    unit: "short",
    width: 24,
    height: 10,
    labels: ["target", "module", "instance"],
    worstBy: "p99",
    links: { target: FROM_ROW_TO_TARGET },
    columns: [
      {
        name: "State",
        unit: "short",
        expr: `min by (target, module, instance) (${ofTargets("sounder_target_up")} and ${CODE})`,
        mappings: [UP_TEXTS],
      },
      {
        name: "Code",
        unit: "none",
        expr: `max by (target, module, instance) (${CODE})`,
        mappings: STATUS_CODE_TEXTS,
      },
      {
        name: "p50",
        unit: "s",
        decimals: 1,
        expr: `max by (target, module, instance) (${ofTargets("target:sounder_probe_duration_seconds:p50_5m")} and ${CODE})`,
      },
      {
        name: "p99",
        unit: "s",
        decimals: 1,
        expr: `max by (target, module, instance) (${ofTargets("target:sounder_probe_duration_seconds:p99_5m")} and ${CODE})`,
      },
      {
        name: "Version",
        unit: "none",
        expr: `max by (target, module, instance) (${ofTargets("sounder_http_version")})`,
      },
      {
        name: "Redirects",
        unit: "short",
        expr: `max by (target, module, instance) (${ofTargets("sounder_http_redirects")})`,
      },
      {
        name: "Content length",
        unit: "bytes",
        expr: `max by (target, module, instance) (${ofTargets("sounder_http_content_length_bytes")})`,
      },
    ],
  }),
  timeSeries({
    title: "Failed probes by reason",
    description: "Failed probes in each step, of all kinds but icmp, by why.",
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
    title: "Slower than usual",
    description:
      "The mean of each phase beside what it usually was over a day, averaged over the chosen targets: 1 is as usual. It is there once the usual rests on three hours of data.",
    unit: "none",
    width: 12,
    height: 8,
    queries: [
      {
        expr: `avg by (phase) (${MEANS} / (${ofTargets("target:sounder_http_duration_seconds:median_1d")} > 0))`,
        legend: "{{phase}}",
      },
    ],
  }),
];

export const httpAndTls: Dashboard = dashboard({
  uid: UID.httpAndTls,
  title: "Sounder / HTTP and TLS",
  description:
    "Where the time of HTTP probes goes, what servers answer, and when certificates expire.",
  shows: "6h",
  variables: [
    job("sounder_build_info"),
    instance("sounder_build_info", "Agent that measures."),
    group("sounder_probes_total"),
    targets("sounder_probes_total"),
  ],
  rows: [
    { title: "Now", panels: NOW },
    { title: "HTTP", panels: HTTP },
    { title: "TLS", panels: TLS },
  ],
});
