import { heatmap } from "./panels/heatmap.ts";
import { COLOUR, valueTexts } from "./panels/panel.ts";
import { states } from "./panels/states.ts";
import { table } from "./panels/table.ts";
import { timeSeries } from "./panels/time-series.ts";
import { increase, ofAgents, ofGroups, rate } from "./selectors.ts";

/** Whether echoes and probes leave in time, and what the agent itself may have lost. */
export const AGENT_MEASURING = [
  heatmap({
    title: "Send lag",
    description:
      "From when an echo was due to when it was sent: how many fell into each bucket. Lateness moves an echo; its round-trip time begins when the kernel sent it.",
    unit: "s",
    width: 12,
    height: 9,
    metric: "sounder_agent_icmp_send_lag_seconds",
    of: ofAgents,
  }),
  timeSeries({
    title: "Lateness, p99",
    description:
      "The lateness that one in a hundred exceeded, of echoes and of the start of probes. Above 10 ms the machine is short of time.",
    unit: "s",
    width: 12,
    height: 9,
    queries: [
      {
        expr: ofAgents("instance:sounder_icmp_send_lag_seconds:p99_5m"),
        legend: "echoes, {{instance}}",
      },
      {
        expr: ofAgents("instance:sounder_probe_start_delay_seconds:p99_5m"),
        legend: "probes, {{instance}}",
      },
    ],
  }),
  states({
    title: "Measurement in doubt",
    description:
      "When a fault of the agent made more than 5 % of the echoes suspect, by its cause. Losses in such a time are not the network's.",
    unit: "short",
    width: 12,
    height: 7,
    queries: [
      { expr: ofAgents("sounder_agent_measurement_suspect"), legend: "{{instance}} {{cause}}" },
    ],
    mappings: [valueTexts({ "0": ["sound", COLOUR.good], "1": ["in doubt", COLOUR.bad] })],
  }),
  timeSeries({
    title: "What the agent lost itself",
    description:
      "Packets that the kernel dropped from a full receive buffer, echoes that are suspect because of it or of a stop of the agent, echoes the kernel refused to send, and echoes without a kernel time stamp.",
    unit: "pps",
    width: 12,
    height: 7,
    queries: [
      {
        expr: `sum by (family) (${rate(ofAgents("sounder_agent_icmp_socket_drops_total"))})`,
        legend: "socket drops, {{family}}",
      },
      { expr: `sum(${rate(ofGroups("sounder_icmp_suspect_echoes_total"))})`, legend: "suspect" },
      { expr: `sum(${rate(ofGroups("sounder_icmp_unsent_total"))})`, legend: "not sent" },
      {
        expr: `sum(${rate(ofAgents("sounder_agent_icmp_stamp_missing_total"))})`,
        legend: "no stamp",
      },
    ],
  }),
  timeSeries({
    title: "Receive buffer",
    description:
      "What the kernel granted of a receive buffer, and what the replies to all echoes in flight need. When the need is greater, raise net.core.rmem_max.",
    unit: "bytes",
    width: 8,
    height: 8,
    queries: [
      {
        expr: `min by (family) (${ofAgents("sounder_agent_icmp_receive_buffer_bytes")})`,
        legend: "granted, {{family}}",
      },
      {
        expr: `max(${ofAgents("sounder_agent_icmp_receive_buffer_wanted_bytes")})`,
        legend: "needed",
      },
    ],
  }),
  timeSeries({
    title: "Missed ticks",
    description:
      "Due times in each step that were dropped because the agent was late, or the target's previous probe still ran.",
    unit: "short",
    drawn: "bars",
    isStacked: true,
    width: 8,
    height: 8,
    queries: [
      {
        expr: `sum by (prober) (${increase(ofAgents("sounder_agent_missed_ticks_total"))})`,
        legend: "{{prober}}",
      },
    ],
  }),
  timeSeries({
    title: "Disturbed probes",
    description:
      "Share of probes during which the agent was late itself. They count as probes; their times are in no histogram.",
    unit: "percentunit",
    width: 8,
    height: 8,
    queries: [
      { expr: ofAgents("instance:sounder_probes_disturbed:ratio_5m"), legend: "{{instance}}" },
    ],
  }),
  timeSeries({
    title: "Probes in flight",
    description: "Probes under way at the moment of each scrape, by prober.",
    unit: "short",
    isStacked: true,
    width: 8,
    height: 8,
    queries: [
      {
        expr: `sum by (prober) (${ofAgents("sounder_agent_probes_in_flight")})`,
        legend: "{{prober}}",
      },
    ],
  }),
  timeSeries({
    title: "Other packets",
    description:
      "Packets that answer no echo of ours and so were read in vain, and echoes of the fast pace that its budget left out, a second.",
    unit: "pps",
    width: 8,
    height: 8,
    queries: [
      {
        expr: `sum(${rate(ofAgents("sounder_agent_icmp_foreign_packets_total"))})`,
        legend: "foreign",
      },
      {
        expr: `sum(${rate(ofAgents("sounder_agent_icmp_fast_echoes_skipped_total"))})`,
        legend: "fast echoes left out",
      },
    ],
  }),
  table({
    title: "How echoes are sent",
    description:
      "Transport of each agent and address family, and where the time of sending comes from. `sounder doctor` says why a better one does not work.",
    unit: "short",
    width: 8,
    height: 8,
    labels: ["instance", "family", "transport", "transmit_stamp"],
    worstBy: "Sockets",
    columns: [
      {
        name: "Sockets",
        unit: "short",
        expr: `count by (instance, family, transport, transmit_stamp) (${ofAgents("sounder_agent_icmp_info")})`,
      },
    ],
  }),
];
