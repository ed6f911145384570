import { familyText } from "../metrics/exposition.ts";
import { labelText } from "../metrics/label-text.ts";
import type { HttpFacts, IcmpFacts, PhaseOf, ProbeOutcome, TlsFacts } from "../probe/prober.ts";
import { addressBytes } from "../runtime/address.ts";
import { type Metric, PAGE_METRICS } from "./catalogue.ts";

/** One family of the page; families without samples are not shown. */
type Family = readonly [metric: Metric, ...samples: (readonly [labels: string, value: number])[]];

/** Go's zero time in Unix seconds, which blackbox_exporter shows where no chain was verified. */
const GO_ZERO_TIME_SECONDS = -62_135_596_800;

/** Order of the series of a family: by label value, as client_golang writes them. */
const HTTP_PHASES_BY_NAME = ["connect", "processing", "resolve", "tls", "transfer"] as const;
const ICMP_PHASES_BY_NAME = ["resolve", "rtt", "setup"] as const;

/**
 * The answer of `/probe`: blackbox_exporter's names, HELP texts, order, and set of series in success
 * and in failure. Two additions: `probe_failure_info{reason}`, and the certificate series where
 * verification failed.
 *
 * @param timeoutSeconds The timeout that was in force.
 */
export function probePage(
  outcome: ProbeOutcome,
  { timeoutSeconds }: { readonly timeoutSeconds: number },
): string {
  const families = [
    one(PAGE_METRICS.success, outcome.kind === "succeeded" ? 1 : 0),
    one(PAGE_METRICS.duration, outcome.durationSeconds),
    one(PAGE_METRICS.timeout, timeoutSeconds),
    ...addressFamilies(outcome),
    ...factFamilies(outcome),
    ...failureFamilies(outcome),
  ];
  return families
    .sort(([a], [b]) => (a.name < b.name ? -1 : 1))
    .map(([metric, ...samples]) => familyText(metric, samples))
    .join("");
}

function factFamilies(outcome: ProbeOutcome): Family[] {
  switch (outcome.facts.protocol) {
    case "http":
      return httpFamilies(outcome, outcome.facts);
    case "icmp":
      return icmpFamilies(outcome.facts);
    case "tcp":
    case "unix":
    case "dns":
    case "grpc":
    case "websocket":
      return [];
  }
}

function failureFamilies(outcome: ProbeOutcome): Family[] {
  switch (outcome.kind) {
    case "succeeded":
      return [];
    case "failed":
      return [[PAGE_METRICS.failureInfo, [labelText([["reason", outcome.reason]]), 1]]];
  }
}

/** A target that is no URL fails before its name is looked up, and has none of these. */
function addressFamilies(outcome: ProbeOutcome): Family[] {
  if (isUnreadableUrl(outcome)) return [];
  const bytes = outcome.address === undefined ? undefined : goBytes(outcome.address.text);
  const protocol = bytes === undefined ? 0 : bytes.length === 4 ? 4 : 6;
  return [
    one(PAGE_METRICS.lookupTime, outcome.lookupSeconds),
    one(PAGE_METRICS.ipProtocol, protocol),
    one(PAGE_METRICS.ipAddressHash, bytes === undefined ? 0 : fnv1a32(bytes)),
  ];
}

function icmpFamilies({ phases, replyHopLimit }: IcmpFacts): Family[] {
  const hopLimit = replyHopLimit === undefined ? [] : [["", replyHopLimit] as const];
  return [
    [
      PAGE_METRICS.icmpDuration,
      ...ICMP_PHASES_BY_NAME.map((phase) => [phaseText(phase), phases[phase]] as const),
    ],
    [PAGE_METRICS.icmpReplyHopLimit, ...hopLimit],
  ];
}

function httpFamilies(outcome: ProbeOutcome, facts: HttpFacts): Family[] {
  const isAnswered = facts.statusCode !== 0;
  const lastModified =
    facts.lastModifiedSeconds === undefined ? [] : [["", facts.lastModifiedSeconds] as const];
  return [
    [
      PAGE_METRICS.httpDuration,
      ...phasesBegun(outcome).map((phase) => [phaseText(phase), facts.phases[phase]] as const),
    ],
    one(PAGE_METRICS.httpStatusCode, facts.statusCode),
    one(PAGE_METRICS.httpContentLength, isAnswered ? (facts.contentLengthBytes ?? -1) : 0),
    one(PAGE_METRICS.httpUncompressedBodyLength, facts.uncompressedBodyBytes),
    one(PAGE_METRICS.httpRedirects, facts.redirects),
    one(PAGE_METRICS.httpSsl, isAnswered && facts.isTls ? 1 : 0),
    one(PAGE_METRICS.httpVersion, isAnswered ? (facts.httpVersion ?? 0) : 0),
    one(PAGE_METRICS.failedDueToRegex, facts.isFailedByRegexp ? 1 : 0),
    [PAGE_METRICS.httpLastModified, ...lastModified],
    ...(facts.tls === undefined ? [] : tlsFamilies(facts.tls, isAnswered)),
  ];
}

/** The phases blackbox_exporter has made series for by the time the probe ended. */
function phasesBegun(outcome: ProbeOutcome): readonly PhaseOf<"http">[] {
  if (outcome.kind === "succeeded") return HTTP_PHASES_BY_NAME;
  if (isUnreadableUrl(outcome)) return [];
  const isBeforeRequest = outcome.address === undefined || outcome.reason === "body_file";
  return isBeforeRequest ? ["resolve"] : HTTP_PHASES_BY_NAME;
}

function tlsFamilies(tls: TlsFacts, isAnswered: boolean): Family[] {
  const { leaf } = tls;
  const chainExpiry =
    tls.verifiedNotAfterSeconds ?? (isAnswered ? GO_ZERO_TIME_SECONDS : undefined);
  return [
    one(PAGE_METRICS.sslEarliestExpiry, tls.earliestNotAfterSeconds),
    [
      PAGE_METRICS.sslLastChainExpiry,
      ...(chainExpiry === undefined ? [] : [["", chainExpiry] as const]),
    ],
    [
      PAGE_METRICS.sslLastChainInfo,
      [
        labelText([
          ["fingerprint_sha256", leaf.fingerprintSha256],
          ["issuer", leaf.issuer],
          ["serialnumber", leaf.serialNumber],
          ["subject", leaf.subject],
          ["subjectalternative", leaf.subjectAlternative],
        ]),
        1,
      ],
    ],
    [PAGE_METRICS.tlsVersion, [labelText([["version", tls.version]]), 1]],
    [PAGE_METRICS.tlsCipher, [labelText([["cipher", tls.cipher]]), 1]],
  ];
}

function isUnreadableUrl(outcome: ProbeOutcome): boolean {
  const isBadTarget = outcome.kind === "failed" && outcome.reason === "bad_target";
  return isBadTarget && outcome.facts.protocol === "http";
}

function one(metric: Metric, value: number): Family {
  return [metric, ["", value]];
}

function phaseText(phase: string): string {
  return labelText([["phase", phase]]);
}

/** As Go has an address: 4 bytes for IPv4, also where it is written as IPv4-mapped IPv6. */
function goBytes(text: string): Uint8Array | undefined {
  const bytes = addressBytes(text);
  if (bytes === undefined || bytes.length === 4) return bytes;
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff;
  return isMapped && bytes[11] === 0xff ? bytes.subarray(12) : bytes;
}

/** FNV-1a of 32 bits, Go's `fnv.New32a`. */
function fnv1a32(bytes: Uint8Array): number {
  let hash = 0x811c_9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return hash >>> 0;
}
