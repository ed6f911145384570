import { gauge } from "./metric.ts";

/** The `/probe` page. Names and HELP are blackbox_exporter's (0.28), all gauges. */
export const PAGE_METRICS = {
  success: gauge("probe_success", "Displays whether or not the probe was a success"),
  duration: gauge(
    "probe_duration_seconds",
    "Returns how long the probe took to complete in seconds",
  ),
  timeout: gauge("probe_timeout_seconds", "Returns how long the probe timeout is in seconds"),
  lookupTime: gauge(
    "probe_dns_lookup_time_seconds",
    "Returns the time taken for probe dns lookup in seconds",
  ),
  ipProtocol: gauge("probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6"),
  ipAddressHash: gauge(
    "probe_ip_addr_hash",
    "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
  ),
  icmpDuration: gauge("probe_icmp_duration_seconds", "Duration of icmp request by phase", [
    "phase",
  ]),
  icmpReplyHopLimit: gauge("probe_icmp_reply_hop_limit", "Replied packet hop limit (TTL for ipv4)"),
  httpDuration: gauge(
    "probe_http_duration_seconds",
    "Duration of http request by phase, summed over all redirects",
    ["phase"],
  ),
  httpContentLength: gauge("probe_http_content_length", "Length of http content response"),
  httpUncompressedBodyLength: gauge(
    "probe_http_uncompressed_body_length",
    "Length of uncompressed response body",
  ),
  httpRedirects: gauge("probe_http_redirects", "The number of redirects"),
  httpSsl: gauge("probe_http_ssl", "Indicates if SSL was used for the final redirect"),
  httpStatusCode: gauge("probe_http_status_code", "Response HTTP status code"),
  httpVersion: gauge("probe_http_version", "Returns the version of HTTP of the probe response"),
  httpLastModified: gauge(
    "probe_http_last_modified_timestamp_seconds",
    "Returns the Last-Modified HTTP response header in unixtime",
  ),
  failedDueToRegex: gauge("probe_failed_due_to_regex", "Indicates if probe failed due to regex"),
  failedDueToCel: gauge(
    "probe_failed_due_to_cel",
    "Indicates if probe failed due to CEL expression not matching",
  ),
  failedDueToBytes: gauge("probe_failed_due_to_bytes", "Indicates if probe failed due to bytes"),
  /** Its labels are those the module gives. */
  expectInfo: gauge("probe_expect_info", "Explicit content matched"),
  dnsDuration: gauge("probe_dns_duration_seconds", "Duration of DNS request by phase", ["phase"]),
  dnsAnswerRecords: gauge(
    "probe_dns_answer_rrs",
    "Returns number of entries in the answer resource record list",
  ),
  dnsAuthorityRecords: gauge(
    "probe_dns_authority_rrs",
    "Returns number of entries in the authority resource record list",
  ),
  dnsAdditionalRecords: gauge(
    "probe_dns_additional_rrs",
    "Returns number of entries in the additional resource record list",
  ),
  dnsQuerySucceeded: gauge(
    "probe_dns_query_succeeded",
    "Displays whether or not the query was executed successfully",
  ),
  dnsSerial: gauge("probe_dns_serial", "Returns the serial number of the zone"),
  grpcDuration: gauge("probe_grpc_duration_seconds", "Duration of gRPC request by phase", [
    "phase",
  ]),
  grpcSsl: gauge("probe_grpc_ssl", "Indicates if SSL was used for the connection"),
  grpcStatusCode: gauge("probe_grpc_status_code", "Response gRPC status code"),
  grpcHealthcheck: gauge("probe_grpc_healthcheck_response", "Response HealthCheck response", [
    "serving_status",
  ]),
  websocketDuration: gauge(
    "probe_websocket_duration_seconds",
    "Duration of websocket request by phase",
    ["phase"],
  ),
  websocketStatusCode: gauge("probe_websocket_status_code", "Response HTTP status code"),
  websocketUpgraded: gauge(
    "probe_websocket_connection_upgraded",
    "Indicates if the websocket connection was successfully upgraded",
  ),
  websocketFailedDueToRegex: gauge(
    "probe_websocket_failed_due_to_regex",
    "Indicates if probe failed due to regex",
  ),
  sslEarliestExpiry: gauge(
    "probe_ssl_earliest_cert_expiry",
    "Returns last SSL chain expiry in unixtime",
  ),
  sslLastChainExpiry: gauge(
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "Returns last SSL chain expiry in timestamp",
  ),
  sslLastChainInfo: gauge(
    "probe_ssl_last_chain_info",
    "Contains SSL leaf certificate information",
    ["fingerprint_sha256", "subject", "issuer", "subjectalternative", "serialnumber"],
  ),
  tlsVersion: gauge("probe_tls_version_info", "Returns the TLS version used or NaN when unknown", [
    "version",
  ]),
  tlsCipher: gauge("probe_tls_cipher_info", "Returns the TLS cipher negotiated during handshake", [
    "cipher",
  ]),
  failureInfo: gauge(
    "probe_failure_info",
    "Why the probe failed; absent when it succeeded. Not a metric of blackbox_exporter",
    ["reason"],
  ),
} as const;
