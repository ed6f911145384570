import { counter, gauge, histogram, type Metric } from "./catalogue/metric.ts";
import { PAGE_METRICS } from "./catalogue/page-metrics.ts";
import {
  DNS_METRICS,
  GRPC_METRICS,
  HTTP_METRICS,
  PROBE_METRICS,
  TCP_METRICS,
  TLS_METRICS,
  UNIX_METRICS,
  WEBSOCKET_METRICS,
} from "./catalogue/prober-metrics.ts";

/** Of every target, whichever its prober. Labels `target`, `module`, `group` and the target's own come first. */
export const TARGET_METRICS = {
  up: gauge(
    "sounder_target_up",
    "1 if the last finished probe succeeded (icmp: the last batch of echoes had an answer), else 0; absent before the first and while the measurement is suspect.",
  ),
  lastFinished: gauge(
    "sounder_target_last_finished_timestamp_seconds",
    "When the last probe finished, Unix time.",
  ),
  info: gauge("sounder_target_info", "The address in use.", ["address", "family"]),
  addressChanges: counter(
    "sounder_target_address_changes_total",
    "How often the address in use became another one.",
  ),
  resolveFailures: counter(
    "sounder_target_resolve_failures_total",
    "Look-ups of the target's name that gave no address.",
  ),
  fastProbing: gauge(
    "sounder_target_fast_probing",
    "1 while the target is probed at its fast interval, else 0.",
  ),
} as const;

/** Of every target of an icmp module. */
export const ICMP_METRICS = {
  rtt: histogram(
    "sounder_icmp_rtt_seconds",
    "Round-trip times of grid echoes, from the kernel's transmit stamp to its receive stamp.",
  ),
  lastRtt: gauge(
    "sounder_icmp_last_rtt_seconds",
    "Round-trip time of the latest answer; absent after a failed probe.",
  ),
  jitter: gauge(
    "sounder_icmp_jitter_seconds",
    "Jitter of the latest answers (RFC 3550 section 6.4.1 over round-trip times); absent after a failed probe.",
  ),
  replyHopLimit: gauge(
    "sounder_icmp_reply_hop_limit",
    "Hop limit (TTL for IPv4) of the latest answer as it arrived; absent after a failed probe.",
  ),
  lossRatio: gauge(
    "sounder_icmp_loss_ratio",
    "Lost among finished echoes of the last loss window, 0 to 1; for ratios over time use the counters.",
  ),
  echoes: counter(
    "sounder_icmp_echoes_total",
    "Grid echoes finished: answered in time, or past their deadline; never one in flight.",
  ),
  lost: counter("sounder_icmp_lost_total", "Grid echoes whose deadline passed without an answer."),
  fastEchoes: counter(
    "sounder_icmp_fast_echoes_total",
    "Extra echoes of the fast pace that finished; counted here and not among the grid echoes.",
  ),
  fastLost: counter(
    "sounder_icmp_fast_lost_total",
    "Of those, lost; they come more densely in bad minutes, so they are no measure of loss over time.",
  ),
  lostByReason: counter(
    "sounder_icmp_lost_by_reason_total",
    "Lost grid echoes that an ICMP error explained; the rest was silence.",
    ["reason"],
  ),
  lateReplies: counter(
    "sounder_icmp_late_replies_total",
    "Replies after the deadline; their echoes stay lost.",
  ),
  duplicateReplies: counter(
    "sounder_icmp_duplicate_replies_total",
    "Further replies to an echo that was answered.",
  ),
  reorderedReplies: counter(
    "sounder_icmp_reordered_replies_total",
    "Replies that came after the reply to a later echo.",
  ),
  corruptReplies: counter(
    "sounder_icmp_corrupt_replies_total",
    "Replies whose payload was not what was sent; they do not end their echo.",
  ),
  unsent: counter(
    "sounder_icmp_unsent_total",
    "Echoes the kernel refused to send: not the network's loss.",
  ),
  suspect: counter(
    "sounder_icmp_suspect_echoes_total",
    "Echoes unanswered while the agent had a fault that could have eaten the reply; neither finished nor lost.",
  ),
} as const;

/** The agent itself. */
export const AGENT_METRICS = {
  buildInfo: gauge("sounder_build_info", "Version of the agent and what it runs on.", [
    "version",
    "revision",
    "node",
  ]),
  reloadSuccessful: gauge(
    "sounder_config_last_reload_successful",
    "1 if the last reload of the configuration succeeded, else 0.",
  ),
  reloadTimestamp: gauge(
    "sounder_config_last_reload_success_timestamp_seconds",
    "When the configuration was last loaded well, Unix time.",
  ),
  icmpInfo: gauge(
    "sounder_agent_icmp_info",
    "How echoes are sent, and where the time of sending comes from.",
    ["family", "transport", "transmit_stamp"],
  ),
  socketDrops: counter(
    "sounder_agent_icmp_socket_drops_total",
    "Packets the kernel dropped because the receive buffer was full.",
    ["family"],
  ),
  receiveBuffer: gauge(
    "sounder_agent_icmp_receive_buffer_bytes",
    "Receive buffer the kernel granted.",
    ["family"],
  ),
  receiveBufferWanted: gauge(
    "sounder_agent_icmp_receive_buffer_wanted_bytes",
    "Receive buffer that the replies to all streams need.",
  ),
  sendLag: histogram(
    "sounder_agent_icmp_send_lag_seconds",
    "From when an echo was due to when it was sent.",
  ),
  foreignPackets: counter(
    "sounder_agent_icmp_foreign_packets_total",
    "Packets received that answer no echo of ours.",
  ),
  stampMissing: counter(
    "sounder_agent_icmp_stamp_missing_total",
    "Echoes for which a kernel time stamp was missing.",
  ),
  fastEchoesSkipped: counter(
    "sounder_agent_icmp_fast_echoes_skipped_total",
    "Extra echoes of the fast pace that its budget (max_fast_packets_per_second) left out.",
  ),
  measurementSuspect: gauge(
    "sounder_agent_measurement_suspect",
    "1 while a fault of the agent makes more than 5 % of the echoes suspect, by cause.",
    ["cause"],
  ),
  probesInFlight: gauge("sounder_agent_probes_in_flight", "Probes under way.", ["prober"]),
  probeStartDelay: histogram(
    "sounder_agent_probe_start_delay_seconds",
    "From when a probe was due to when it began.",
  ),
  probesDisturbed: counter(
    "sounder_agent_probes_disturbed_total",
    "Probes during which the agent was late itself; their times are in no histogram.",
  ),
  missedTicks: counter(
    "sounder_agent_missed_ticks_total",
    "Due times dropped because the agent or the target's previous probe was not ready.",
    ["prober"],
  ),
  scrapeDuration: gauge(
    "sounder_agent_scrape_duration_seconds",
    "How long this answer took to gather and write.",
  ),
  targets: gauge("sounder_agent_targets", "Targets of a group.", ["group"]),
  targetsWaiting: gauge(
    "sounder_agent_targets_waiting",
    "Targets of a group that are not probed because the packet budget is used up.",
    ["group"],
  ),
  duplicateTargets: gauge(
    "sounder_agent_duplicate_targets",
    "Targets a group names more than once; each is probed once.",
    ["group"],
  ),
  series: gauge("sounder_agent_series", "Series of a group in this answer.", ["group"]),
  probeRefusals: counter(
    "sounder_agent_probe_refusals_total",
    "On-demand probes refused by policy, by the rule that refused.",
    ["rule"],
  ),
  moduleUnknown: counter(
    "sounder_agent_module_unknown_total",
    "On-demand probes that named a module which does not exist.",
  ),
} as const;

/** Every metric the program gives, but prom-client's own `process_*` and `nodejs_*`. */
export const CATALOGUE: readonly Metric[] = [
  TARGET_METRICS,
  ICMP_METRICS,
  PROBE_METRICS,
  TLS_METRICS,
  HTTP_METRICS,
  TCP_METRICS,
  UNIX_METRICS,
  DNS_METRICS,
  GRPC_METRICS,
  WEBSOCKET_METRICS,
  AGENT_METRICS,
  PAGE_METRICS,
].flatMap((metrics): readonly Metric[] => Object.values(metrics));
