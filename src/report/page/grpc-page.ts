import { escapeLabelValue } from "../../metrics/label-text.ts";
import type { GrpcFacts, ProbeOutcome } from "../../probe/prober.ts";
import { PAGE_METRICS } from "../catalogue/page-metrics.ts";
import { addressTexts, lookupText } from "./address-texts.ts";
import { chainInfoText, earliestExpiryText, tlsVersionText, toldTls } from "./certificate-texts.ts";
import { byLabel, flagText, gaugeText, sampleLine } from "./gauge-text.ts";
import {
  durationText,
  failureText,
  isNameWithoutAddress,
  successText,
  timeoutText,
} from "./outcome-texts.ts";

/** By name, as they stand on the page. */
const SERVING_STATUSES = ["NOT_SERVING", "SERVICE_UNKNOWN", "SERVING", "UNKNOWN"] as const;

const phases = byLabel(PAGE_METRICS.grpcDuration, "phase", ["check", "resolve"]);
const health = byLabel(PAGE_METRICS.grpcHealthcheck, "serving_status", SERVING_STATUSES);
const ssl = flagText(PAGE_METRICS.grpcSsl);
const statusCode = gaugeText(PAGE_METRICS.grpcStatusCode);

/** What gRPC's own clients say of a call that could not be made. */
const UNAVAILABLE = 14;

/**
 * The page of a grpc probe. As blackbox_exporter's, `probe_grpc_ssl` is 1 only when the call itself was answered, and the
 * end of the verified chain is not there.
 */
export function grpcPage(outcome: ProbeOutcome, facts: GrpcFacts, timeoutSeconds: number): string {
  const isFound = outcome.address !== undefined;
  const isLookedUp = isFound || isNameWithoutAddress(outcome);
  const isCallOk = facts.statusCode === 0;
  const tls = toldTls(outcome, facts.tls, isCallOk);
  const { resolve, connect, tls: tlsSeconds, check } = facts.phases;
  return (
    (isLookedUp ? lookupText(outcome) : "") +
    durationText(outcome.durationSeconds) +
    failureText(outcome) +
    phases.head +
    (isFound ? sampleLine(phases.of.check, connect + tlsSeconds + check) : "") +
    sampleLine(phases.of.resolve, isFound ? resolve : 0) +
    (isFound ? healthTexts(facts.servingStatus) : "") +
    ssl(isCallOk && facts.isTls) +
    statusCode(isFound ? (facts.statusCode ?? UNAVAILABLE) : 0) +
    (isLookedUp ? addressTexts(outcome) : "") +
    earliestExpiryText(tls) +
    chainInfoText(tls) +
    successText(outcome) +
    timeoutText(timeoutSeconds) +
    tlsVersionText(tls)
  );
}

function healthTexts(servingStatus: string | undefined): string {
  let text = health.head;
  if (servingStatus !== undefined && !isKnown(servingStatus)) {
    // A number, which Go prints for what the enum has no name for; digits stand before letters.
    text += `${PAGE_METRICS.grpcHealthcheck.name}{serving_status="${escapeLabelValue(servingStatus)}"} 1\n`;
  }
  for (const status of SERVING_STATUSES) {
    text += sampleLine(health.of[status], status === servingStatus ? 1 : 0);
  }
  return text;
}

function isKnown(servingStatus: string): boolean {
  return SERVING_STATUSES.some((status) => status === servingStatus);
}
