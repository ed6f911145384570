import { FROM_ROW_TO_TARGET } from "./dashboard.ts";
import { COLOUR, EXPIRY_THRESHOLDS, thresholds } from "./panels/panel.ts";
import { table } from "./panels/table.ts";
import { timeSeries } from "./panels/time-series.ts";
import { ofTargets } from "./selectors.ts";

const NOT_AFTER = "sounder_tls_earliest_certificate_not_after_timestamp_seconds";
/** As the alert on certificates has it. */
export const EXPIRY_WARNING_DAYS = 21;
export const EXPIRY_WARNING_SECONDS = EXPIRY_WARNING_DAYS * 86_400;

/**
 * What was last known of the past day: a probe that fails before its handshake tells nothing of the certificate, which
 * expires all the same. Of targets that still are: the other side of `and` goes with them.
 */
export const LAST_NOT_AFTER = `(last_over_time(${ofTargets(NOT_AFTER)}[1d]) and ${ofTargets("sounder_target_last_finished_timestamp_seconds")})`;

export const TLS = [
  table({
    title: "Certificates",
    description:
      "How long the certificates of each target are valid, the first to expire first: the earliest of the presented chain, and the longest verified chain, which is empty where none was verified. What was last known within a day, also while the probe fails.",
    unit: "short",
    width: 14,
    height: 10,
    labels: ["target", "module", "instance"],
    worstBy: "-Valid for",
    links: { target: FROM_ROW_TO_TARGET },
    columns: [
      {
        name: "Valid for",
        unit: "dtdurations",
        decimals: 0,
        expr: `min by (target, module, instance) (${LAST_NOT_AFTER}) - time()`,
        colours: EXPIRY_THRESHOLDS,
      },
      {
        name: "Verified chain",
        unit: "dtdurations",
        decimals: 0,
        expr: `min by (target, module, instance) (${ofTargets("sounder_tls_verified_chain_not_after_timestamp_seconds")}) - time()`,
        colours: EXPIRY_THRESHOLDS,
      },
    ],
  }),
  table({
    title: "TLS versions and ciphers",
    description: "What the last probes negotiated, and for how many targets.",
    unit: "short",
    width: 10,
    height: 10,
    labels: ["version", "cipher"],
    worstBy: "Targets",
    columns: [
      {
        name: "Targets",
        unit: "short",
        expr: `count by (version, cipher) (${ofTargets("sounder_tls_info")})`,
      },
    ],
  }),
  timeSeries({
    title: "Validity over time",
    description:
      "How long certificates are valid, of the ten that expire first. A step upwards is a renewal.",
    unit: "dtdurations",
    width: 24,
    height: 8,
    queries: [
      {
        expr: `bottomk(10, min by (target) (${ofTargets(NOT_AFTER)}) - time())`,
        legend: "{{target}}",
      },
    ],
    limits: thresholds("transparent", [EXPIRY_WARNING_SECONDS, COLOUR.warning]),
  }),
];
