import { counter, gauge, histogram } from "./metric.ts";

/** Of every target of a module that is not icmp. */
export const PROBE_METRICS = {
  duration: histogram("sounder_probe_duration_seconds", "Duration of whole probes."),
  probes: counter("sounder_probes_total", "Probes finished."),
  failures: counter("sounder_probe_failures_total", "Of those, failed."),
  failuresByReason: counter(
    "sounder_probe_failures_by_reason_total",
    "Failed probes by why they failed.",
    ["reason"],
  ),
} as const;

/** Of every target whose last probe came to speak TLS, whichever its prober. */
export const TLS_METRICS = {
  earliestNotAfter: gauge(
    "sounder_tls_earliest_certificate_not_after_timestamp_seconds",
    "Earliest end of validity in the presented certificate chain, Unix time; also when verification failed.",
  ),
  verifiedNotAfter: gauge(
    "sounder_tls_verified_chain_not_after_timestamp_seconds",
    "End of validity of the longest-living verified certificate chain, Unix time; absent when none was verified.",
  ),
  tlsInfo: gauge("sounder_tls_info", "TLS version and cipher of the last probe.", [
    "version",
    "cipher",
  ]),
} as const;

/** Of every target of an http module. */
export const HTTP_METRICS = {
  duration: histogram(
    "sounder_http_duration_seconds",
    "Duration of HTTP probes by phase, summed over redirects; a probe counts in the phases it reached.",
    ["phase"],
  ),
  statusCode: gauge(
    "sounder_http_status_code",
    "Status code of the last probe's answer; 0 if none came.",
  ),
  version: gauge(
    "sounder_http_version",
    "HTTP version of the last probe's answer; absent if none came.",
  ),
  contentLength: gauge(
    "sounder_http_content_length_bytes",
    "Content length the last probe's answer announced; absent if it announced none or none came.",
  ),
  redirects: gauge(
    "sounder_http_redirects",
    "Redirects of the last probe; absent if no answer came.",
  ),
} as const;

/** Of every target of a tcp module. */
export const TCP_METRICS = {
  duration: histogram(
    "sounder_tcp_duration_seconds",
    "Duration of TCP probes by phase; a probe counts in the phases it reached.",
    ["phase"],
  ),
} as const;

/** Of every target of a unix module. */
export const UNIX_METRICS = {
  duration: histogram(
    "sounder_unix_duration_seconds",
    "Duration of probes of unix sockets by phase; a probe counts in the phases it reached.",
    ["phase"],
  ),
} as const;

/** Of every target of a dns module. */
export const DNS_METRICS = {
  duration: histogram(
    "sounder_dns_duration_seconds",
    "Duration of DNS probes by phase; a probe counts in the phases it reached.",
    ["phase"],
  ),
  responseCode: gauge(
    "sounder_dns_response_code",
    "Response code (RCODE) of the last probe's answer, 0 for NOERROR; absent if none came.",
  ),
  records: gauge(
    "sounder_dns_records",
    "Records in a section of the last probe's answer; absent if none came.",
    ["section"],
  ),
  soaSerial: gauge(
    "sounder_dns_soa_serial",
    "Serial of the zone in the last probe's answer; absent where SOA was not asked for or not answered.",
  ),
} as const;

/** Of every target of a grpc module. */
export const GRPC_METRICS = {
  duration: histogram(
    "sounder_grpc_duration_seconds",
    "Duration of gRPC probes by phase; a probe counts in the phases it reached.",
    ["phase"],
  ),
  statusCode: gauge(
    "sounder_grpc_status_code",
    "Status code of the last probe's call as gRPC clients have it, 0 for OK, 14 without a connection; absent if there was no call.",
  ),
  servingStatus: gauge(
    "sounder_grpc_serving_status",
    "Health the last probe's answer told: 0 UNKNOWN, 1 SERVING, 2 NOT_SERVING, 3 SERVICE_UNKNOWN; absent if it told none.",
  ),
} as const;

/** Of every target of a websocket module. */
export const WEBSOCKET_METRICS = {
  duration: histogram(
    "sounder_websocket_duration_seconds",
    "Duration of WebSocket probes by phase; a probe counts in the phases it reached.",
    ["phase"],
  ),
  statusCode: gauge(
    "sounder_websocket_status_code",
    "Status code of the last probe's answer to the upgrade, 101 when it was made; 0 if none came.",
  ),
} as const;
