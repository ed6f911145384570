/** Metrics that blackbox_exporter has only since a later version than Debian's 0.23, or that are ours. */
export const NEWER_METRICS: Readonly<Record<string, string>> = {
  probe_timeout_seconds: "after 0.28",
  probe_tls_cipher_info: "0.26",
  probe_expect_info: "0.26",
  probe_failed_due_to_bytes: "0.28",
  probe_failed_due_to_cel: "0.27",
  probe_failure_info: "ours: why the probe failed",
};

/** Labels that a metric has only since a later version. */
export const NEWER_LABELS: Readonly<Record<string, readonly string[]>> = {
  probe_ssl_last_chain_info: ["serialnumber"],
};

/** The series of a certificate. Ours are there also where verification failed. */
export const CERTIFICATE_METRICS: ReadonlySet<string> = new Set([
  "probe_ssl_earliest_cert_expiry",
  "probe_ssl_last_chain_expiry_timestamp_seconds",
  "probe_ssl_last_chain_info",
  "probe_tls_version_info",
]);

/**
 * Dates that are none: Go's zero time in the year 1, which blackbox_exporter prints where it verified no chain, and
 * the 0 that its grpc prober had without TLS until 0.26. Ours are not there, or true.
 */
export const NO_DATES: ReadonlySet<number> = new Set([-62_135_596_800, 0]);

/** HELP texts that later versions word in another way. */
export const CHANGED_HELP: ReadonlySet<string> = new Set([]);

/** Values that differ by nature: times. Both have them, and where blackbox_exporter's is 0 so is ours. */
export function isTime(name: string): boolean {
  return name.endsWith("_duration_seconds") || name === "probe_dns_lookup_time_seconds";
}

/**
 * What a case may differ in beyond that, each with its reason; a value of `null` means that the series is not there.
 * Nothing else may be here than what later versions of blackbox_exporter do as we do.
 */
export type CaseDifference = {
  readonly why: string;
  readonly series: Readonly<
    Record<string, { readonly theirs: number | null; readonly ours: number | null }>
  >;
};

export const CASE_DIFFERENCES: Readonly<Record<string, CaseDifference>> = {
  "grpc to an IPv6 address": {
    why: "blackbox_exporter dials the address without its brackets and never reaches it",
    series: {
      probe_success: { theirs: 0, ours: 1 },
      probe_grpc_status_code: { theirs: 14, ours: 0 },
      'probe_grpc_healthcheck_response{serving_status="SERVING"}': { theirs: 0, ours: 1 },
    },
  },
  "credentials over a redirect to another host": {
    why: "later versions of its HTTP client keep them to the host they were meant for, as ours does; the value is a hash of the request",
    series: {
      probe_http_last_modified_timestamp_seconds: { theirs: 1542450865, ours: 674418972 },
    },
  },
};
