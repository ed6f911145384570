import { headText } from "../../metrics/exposition.ts";
import { escapeLabelValue } from "../../metrics/label-text.ts";
import type { ProbeOutcome, TlsFacts } from "../../probe/prober.ts";
import { PAGE_METRICS } from "../catalogue/page-metrics.ts";
import { gaugeText, infoText } from "./gauge-text.ts";

const earliestExpiry = gaugeText(PAGE_METRICS.sslEarliestExpiry);
const lastChainExpiry = gaugeText(PAGE_METRICS.sslLastChainExpiry);
const versionInfo = infoText(PAGE_METRICS.tlsVersion, "version");
const cipherInfo = infoText(PAGE_METRICS.tlsCipher, "cipher");
const CHAIN_INFO_START = `${headText(PAGE_METRICS.sslLastChainInfo)}${PAGE_METRICS.sslLastChainInfo.name}{`;

/**
 * What TLS showed, if the page tells of it: where blackbox_exporter does, and where TLS itself is why the probe failed.
 *
 * @param isToldByBlackbox Whether its probe comes to where it makes these series.
 */
export function toldTls(
  outcome: ProbeOutcome,
  tls: TlsFacts | undefined,
  isToldByBlackbox: boolean,
): TlsFacts | undefined {
  if (isToldByBlackbox) return tls;
  return outcome.kind === "failed" && outcome.reason.startsWith("tls_") ? tls : undefined;
}

/** `probe_ssl_earliest_cert_expiry`: the presented chain. */
export function earliestExpiryText(tls: TlsFacts | undefined): string {
  return tls === undefined ? "" : earliestExpiry(tls.earliestNotAfterSeconds);
}

/**
 * `probe_ssl_last_chain_expiry_timestamp_seconds`. Left out where no chain was verified: blackbox_exporter shows
 * Go's zero time there, a date in the year 1.
 */
export function chainExpiryText(tls: TlsFacts | undefined): string {
  const seconds = tls?.verifiedNotAfterSeconds;
  return seconds === undefined ? "" : lastChainExpiry(seconds);
}

/** `probe_ssl_last_chain_info`: the leaf. */
export function chainInfoText(tls: TlsFacts | undefined): string {
  if (tls === undefined) return "";
  const { fingerprintSha256, issuer, serialNumber, subject, subjectAlternative } = tls.leaf;
  return (
    `${CHAIN_INFO_START}fingerprint_sha256="${escapeLabelValue(fingerprintSha256)}"` +
    `,issuer="${escapeLabelValue(issuer)}",serialnumber="${escapeLabelValue(serialNumber)}"` +
    `,subject="${escapeLabelValue(subject)}"` +
    `,subjectalternative="${escapeLabelValue(subjectAlternative)}"} 1\n`
  );
}

/** `probe_tls_version_info`. */
export function tlsVersionText(tls: TlsFacts | undefined): string {
  return tls === undefined ? "" : versionInfo(tls.version);
}

/** `probe_tls_cipher_info`, of http alone. */
export function tlsCipherText(tls: TlsFacts | undefined): string {
  return tls === undefined ? "" : cipherInfo(tls.cipher);
}
