import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { AGENT_MEASURING } from "./agent-measuring.ts";
import { reloads, restarts } from "./annotations.ts";
import { dashboard, UID } from "./dashboard.ts";
import { COLOUR, LOSS_THRESHOLDS, valueTexts } from "./panels/panel.ts";
import { stat } from "./panels/stat.ts";
import { timeSeries } from "./panels/time-series.ts";
import { increase, ofAgents, ofGroups, rate } from "./selectors.ts";
import { group, instance, job } from "./variables.ts";

const NOW = [
  stat({
    title: "Agents",
    description: "Agents that Prometheus reaches.",
    unit: "short",
    width: 3,
    queries: [
      { expr: `sum(${ofAgents("up")} and on (job, instance) ${ofAgents("sounder_build_info")})` },
    ],
    noValue: "none",
  }),
  stat({
    title: "Versions",
    description: "Versions in use, and the Node they run on.",
    unit: "string",
    width: 5,
    shows: "name",
    queries: [
      {
        expr: `count by (version, node) (${ofAgents("sounder_build_info")})`,
        legend: "{{version}} on {{node}}",
      },
    ],
  }),
  stat({
    title: "Configuration",
    description:
      "Whether the last load of the configuration succeeded; a bad file changes nothing.",
    unit: "short",
    width: 4,
    queries: [{ expr: `min(${ofAgents("sounder_config_last_reload_successful")})` }],
    mappings: [valueTexts({ "0": ["refused", COLOUR.bad], "1": ["in force", COLOUR.good] })],
  }),
  stat({
    title: "Echoes",
    description: "Echoes that finished, a second, in all groups chosen.",
    unit: "pps",
    width: 4,
    queries: [{ expr: `sum(${rate(ofGroups("sounder_icmp_echoes_total"))})` }],
    hasCourse: true,
  }),
  stat({
    title: "Probes",
    description: "Probes of all other kinds that finished, a second, in all groups chosen.",
    unit: "ops",
    width: 4,
    queries: [{ expr: `sum(${rate(ofGroups("sounder_probes_total"))})` }],
    hasCourse: true,
  }),
  stat({
    title: "Time in doubt",
    description:
      "Share of the shown time in which an agent doubted its own measurement; of several agents the one with the most.",
    unit: "percentunit",
    decimals: 2,
    width: 4,
    queries: [
      {
        expr: `max(max by (job, instance) (avg_over_time(${ofAgents("sounder_agent_measurement_suspect")}[$__range])))`,
      },
    ],
    colours: LOSS_THRESHOLDS,
  }),
];

const PROCESS = [
  timeSeries({
    title: "Event loop of the main thread",
    // Node's histogram of the loop counts the time between two looks at it, so the least of them is the loop at rest.
    description:
      "How late the main thread was: at each scrape, and at worst since the one before. Nothing is measured there; a scrape or a page waits.",
    unit: "s",
    width: 8,
    height: 8,
    queries: [
      { expr: `max(${ofAgents("nodejs_eventloop_lag_seconds")})`, legend: "at the scrape" },
      {
        expr: `max(${ofAgents("nodejs_eventloop_lag_max_seconds")} - ${ofAgents("nodejs_eventloop_lag_min_seconds")})`,
        legend: "worst",
      },
    ],
  }),
  timeSeries({
    title: "CPU",
    description: "CPU time used a second, all threads: 1 is one core.",
    unit: "none",
    width: 8,
    height: 8,
    queries: [{ expr: rate(ofAgents("process_cpu_seconds_total")), legend: "{{instance}}" }],
  }),
  timeSeries({
    title: "Memory",
    description:
      "Memory of the process as the kernel counts it, and of that the heap of the main thread.",
    unit: "bytes",
    width: 8,
    height: 8,
    queries: [
      { expr: `max(${ofAgents("process_resident_memory_bytes")})`, legend: "resident" },
      { expr: `max(${ofAgents("nodejs_heap_size_used_bytes")})`, legend: "heap" },
      { expr: `max(${ofAgents("nodejs_external_memory_bytes")})`, legend: "buffers" },
    ],
  }),
];

const SERIES = [
  timeSeries({
    title: "Series by group",
    description: "Series of each group in one answer, as Prometheus has to store them.",
    unit: "short",
    isStacked: true,
    width: 8,
    height: 8,
    queries: [
      { expr: `sum by (group) (${ofGroups("sounder_agent_series")})`, legend: "{{group}}" },
    ],
  }),
  timeSeries({
    title: "Targets by group",
    description: "Targets of each group.",
    unit: "short",
    isStacked: true,
    width: 8,
    height: 8,
    queries: [
      { expr: `sum by (group) (${ofGroups("sounder_agent_targets")})`, legend: "{{group}}" },
    ],
  }),
  timeSeries({
    title: "Targets that wait, and duplicates",
    description:
      "Targets that are not probed because the packet budget is used up, and targets that a group names more than once.",
    unit: "short",
    width: 8,
    height: 8,
    queries: [
      {
        expr: `sum by (group) (${ofGroups("sounder_agent_targets_waiting")})`,
        legend: "waiting, {{group}}",
      },
      {
        expr: `sum by (group) (${ofGroups("sounder_agent_duplicate_targets")})`,
        legend: "duplicates, {{group}}",
      },
    ],
  }),
  timeSeries({
    title: "Cost of a scrape",
    description:
      "How long the agent took to gather and write an answer, and how long Prometheus waited for it.",
    unit: "s",
    width: 12,
    height: 8,
    queries: [
      { expr: ofAgents("sounder_agent_scrape_duration_seconds"), legend: "agent, {{instance}}" },
      {
        expr: `${ofAgents("scrape_duration_seconds")} and on (job, instance) ${ofAgents("sounder_build_info")}`,
        legend: "Prometheus, {{instance}}",
      },
    ],
  }),
  timeSeries({
    title: "On-demand probes refused",
    description:
      "Requests for `/probe` in each step that policy refused, by its rule, and those that named a module which does not exist.",
    unit: "short",
    drawn: "bars",
    isStacked: true,
    width: 12,
    height: 8,
    queries: [
      {
        expr: `sum by (rule) (${increase(ofAgents("sounder_agent_probe_refusals_total"))})`,
        legend: "{{rule}}",
      },
      {
        expr: `sum(${increase(ofAgents("sounder_agent_module_unknown_total"))})`,
        legend: "unknown module",
      },
    ],
  }),
];

export const agent: Dashboard = dashboard({
  uid: UID.agent,
  title: "Sounder / Agent",
  description: "Whether an agent measures well, and what it costs.",
  shows: "6h",
  variables: [
    job("sounder_build_info"),
    instance("sounder_build_info", "Agent."),
    group("sounder_agent_targets"),
  ],
  annotations: [restarts, reloads],
  rows: [
    { title: "Now", panels: NOW },
    { title: "Measuring", panels: AGENT_MEASURING },
    { title: "Process", panels: PROCESS },
    { title: "Targets and scrapes", panels: SERIES },
  ],
});
