import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { dashboard, UID } from "./dashboard.ts";
import { bars } from "./panels/bars.ts";
import {
  COLOUR,
  EXPIRY_THRESHOLDS,
  STATUS_CODE_TEXTS,
  thresholds,
  UP_TEXTS,
  valueTexts,
} from "./panels/panel.ts";
import { stat } from "./panels/stat.ts";
import { states } from "./panels/states.ts";
import { table } from "./panels/table.ts";
import { timeSeries } from "./panels/time-series.ts";
import { ofAgents as ofProbed, worst } from "./selectors.ts";
import { instance, job } from "./variables.ts";

const SUCCESS = ofProbed("probe_success");
const DURATION = ofProbed("probe_duration_seconds");
const EXPIRY = ofProbed("probe_ssl_earliest_cert_expiry");
/** Also while probes fail, but only of what is still probed. */
const LAST_EXPIRY = `(last_over_time(${EXPIRY}[1d]) and last_over_time(${SUCCESS}[1h]))`;
const WORST_COUNT = 10;
/** Shares of good probes, from bad to good. */
const SUCCESS_THRESHOLDS = thresholds(
  COLOUR.bad,
  [0.95, COLOUR.warning],
  [0.99, COLOUR.notice],
  [0.999, COLOUR.good],
);

/** The phases of each kind of probe that has any, stacked in the order in which a probe passes through them. */
const PHASES = [
  {
    title: "HTTP phases",
    metric: "probe_http_duration_seconds",
    phases: ["resolve", "connect", "tls", "processing", "transfer"],
  },
  {
    title: "ICMP phases",
    metric: "probe_icmp_duration_seconds",
    phases: ["resolve", "setup", "rtt"],
  },
  {
    title: "DNS phases",
    metric: "probe_dns_duration_seconds",
    phases: ["resolve", "connect", "request"],
  },
  {
    title: "gRPC phases",
    metric: "probe_grpc_duration_seconds",
    phases: ["resolve", "check"],
  },
  {
    title: "WebSocket phases",
    metric: "probe_websocket_duration_seconds",
    phases: ["resolve", "connect", "processing", "transfer"],
  },
] as const;

const NOW = [
  stat({
    title: "Probed",
    description: "What Prometheus asks for by /probe, one for each target and job.",
    unit: "short",
    width: 4,
    queries: [{ expr: `count(${SUCCESS})` }],
    noValue: "none",
  }),
  stat({
    title: "Failed",
    description: "Targets whose last probe failed.",
    unit: "short",
    width: 4,
    queries: [{ expr: `count(${SUCCESS} == 0) or vector(0)` }],
    colours: thresholds(COLOUR.good, [1, COLOUR.bad]),
  }),
  stat({
    title: "Success",
    description: "Good among all probes of the shown time.",
    unit: "percentunit",
    decimals: 2,
    width: 4,
    queries: [{ expr: `avg(avg_over_time(${SUCCESS}[$__range]))` }],
    colours: SUCCESS_THRESHOLDS,
  }),
  stat({
    title: "Mean duration",
    description: "Mean duration of the last probes, name look-up included.",
    unit: "s",
    decimals: 1,
    width: 4,
    queries: [{ expr: `avg(${DURATION})` }],
    hasCourse: true,
  }),
  stat({
    title: "Unanswered",
    description:
      "Targets for which /probe itself gave no page: the agent is gone, refuses the target, or is not done in time. Whether the target is well is not known.",
    unit: "short",
    width: 4,
    queries: [
      {
        expr: `count(${ofProbed("up")} == 0 and on (job, instance) last_over_time(${SUCCESS}[1d])) or vector(0)`,
      },
    ],
    colours: thresholds(COLOUR.good, [1, COLOUR.bad]),
  }),
  stat({
    title: "Next expiry",
    description: "How long the first certificate to expire is still valid.",
    unit: "dtdurations",
    decimals: 0,
    width: 4,
    queries: [{ expr: `min(${LAST_EXPIRY}) - time()` }],
    colours: EXPIRY_THRESHOLDS,
    noValue: "no TLS",
  }),
  table({
    title: "Every target",
    description:
      "The last probe of each target and its success over the shown time, the worst first.",
    unit: "short",
    width: 24,
    height: 11,
    labels: ["instance", "job"],
    worstBy: "-Success",
    columns: [
      {
        name: "State",
        unit: "short",
        expr: `min by (instance, job) (${SUCCESS})`,
        mappings: [UP_TEXTS],
      },
      {
        name: "Success",
        unit: "percentunit",
        decimals: 2,
        expr: `min by (instance, job) (avg_over_time(${SUCCESS}[$__range]))`,
        colours: SUCCESS_THRESHOLDS,
      },
      {
        name: "Duration",
        unit: "s",
        decimals: 1,
        expr: `max by (instance, job) (${DURATION})`,
      },
      {
        name: "Code",
        unit: "none",
        expr: `max by (instance, job) (${ofProbed("probe_http_status_code")})`,
        mappings: STATUS_CODE_TEXTS,
      },
      {
        name: "HTTP version",
        unit: "none",
        expr: `max by (instance, job) (${ofProbed("probe_http_version")})`,
      },
      {
        name: "TLS",
        unit: "short",
        expr: `max by (instance, job) (${ofProbed("probe_http_ssl")})`,
        mappings: [valueTexts({ "0": ["no", COLOUR.notice], "1": ["yes", COLOUR.good] })],
      },
      {
        name: "Certificate",
        unit: "dtdurations",
        decimals: 0,
        expr: `min by (instance, job) (${LAST_EXPIRY}) - time()`,
        colours: EXPIRY_THRESHOLDS,
      },
      {
        name: "Redirects",
        unit: "short",
        expr: `max by (instance, job) (${ofProbed("probe_http_redirects")})`,
      },
    ],
  }),
];

const OVER_TIME = [
  states({
    title: "Success over time",
    description: "Targets that failed at least once within the shown time.",
    unit: "short",
    width: 16,
    height: 8,
    queries: [
      {
        expr: `${SUCCESS} and (min_over_time(${SUCCESS}[$__range] @ end()) == 0)`,
        legend: "{{instance}}",
      },
    ],
    mappings: [UP_TEXTS],
  }),
  bars({
    title: "Why they fail",
    description:
      "Targets whose last probe failed, by the reason that Sounder gives. blackbox_exporter gives none.",
    unit: "short",
    width: 8,
    height: 8,
    queries: [
      { expr: `count by (reason) (${ofProbed("probe_failure_info")})`, legend: "{{reason}}" },
    ],
    noValue: "none fails",
  }),
  timeSeries({
    title: "Duration, slowest ten",
    description:
      "Duration of whole probes of the ten targets that were slowest within the shown time.",
    unit: "s",
    width: 12,
    height: 9,
    queries: [{ expr: worst(WORST_COUNT, DURATION), legend: "{{instance}}" }],
    legend: "table",
  }),
  timeSeries({
    title: "Name look-up, slowest ten",
    description: "How long it took to look up the name, of the ten slowest within the shown time.",
    unit: "s",
    width: 12,
    height: 9,
    queries: [
      {
        expr: worst(WORST_COUNT, ofProbed("probe_dns_lookup_time_seconds")),
        legend: "{{instance}}",
      },
    ],
    legend: "table",
  }),
  ...PHASES.map(({ title, metric, phases }) =>
    timeSeries({
      title,
      description:
        "Mean of the last probes by phase, over the chosen targets, stacked: together the mean of a whole probe of this kind.",
      unit: "s",
      isStacked: true,
      width: 12,
      height: 8,
      queries: phases.map((phase) => ({
        expr: `avg(${ofProbed(metric, `phase="${phase}"`)})`,
        legend: phase,
      })),
    }),
  ),
  timeSeries({
    title: "Hop limit of replies",
    description:
      "Hop limit (TTL) of the reply to the last echo of icmp probes. A step means another path back.",
    unit: "short",
    isFromZero: false,
    width: 12,
    height: 8,
    queries: [{ expr: ofProbed("probe_icmp_reply_hop_limit"), legend: "{{instance}}" }],
  }),
  timeSeries({
    title: "Validity of certificates",
    description:
      "How long certificates are valid, of the ten that expire first. A step upwards is a renewal.",
    unit: "dtdurations",
    width: 24,
    height: 8,
    queries: [{ expr: `bottomk(10, ${EXPIRY} - time())`, legend: "{{instance}}" }],
  }),
];

export const blackbox: Dashboard = dashboard({
  uid: UID.blackbox,
  title: "Sounder / Blackbox",
  description:
    "What Prometheus asks for by /probe: the names are blackbox_exporter's, so its probes are shown as well.",
  shows: "6h",
  kind: "on demand",
  variables: [job("probe_success"), instance("probe_success", "What is probed.")],
  rows: [
    { title: "Now", panels: NOW },
    { title: "Over time", panels: OVER_TIME },
  ],
});
