import type { HttpFacts, ProbeOutcome } from "../../probe/prober.ts";
import { PAGE_METRICS } from "../catalogue/page-metrics.ts";
import { addressTexts, lookupText } from "./address-texts.ts";
import {
  chainExpiryText,
  chainInfoText,
  earliestExpiryText,
  tlsCipherText,
  tlsVersionText,
  toldTls,
} from "./certificate-texts.ts";
import { byLabel, flagText, gaugeText, sampleLine } from "./gauge-text.ts";
import {
  durationText,
  failedDueToRegexText,
  failureText,
  isNameWithoutAddress,
  isUnreadableTarget,
  successText,
  timeoutText,
} from "./outcome-texts.ts";

const phases = byLabel(PAGE_METRICS.httpDuration, "phase", [
  "connect",
  "processing",
  "resolve",
  "tls",
  "transfer",
]);
const contentLength = gaugeText(PAGE_METRICS.httpContentLength);
const lastModified = gaugeText(PAGE_METRICS.httpLastModified);
const redirects = gaugeText(PAGE_METRICS.httpRedirects);
const ssl = flagText(PAGE_METRICS.httpSsl);
const statusCode = gaugeText(PAGE_METRICS.httpStatusCode);
const bodyLength = gaugeText(PAGE_METRICS.httpUncompressedBodyLength);
const version = gaugeText(PAGE_METRICS.httpVersion);
const failedDueToCel = flagText(PAGE_METRICS.failedDueToCel);

/** The page of an http probe. What is said of an answer is 0 where none came. */
export function httpPage(outcome: ProbeOutcome, facts: HttpFacts, timeoutSeconds: number): string {
  const isAnswered = facts.statusCode !== 0;
  const isLookedUp = facts.isResolveSkipped !== true && !isUnreadableTarget(outcome);
  const tls = toldTls(outcome, facts.tls, isAnswered);
  const { isFailedByCel, lastModifiedSeconds } = facts;
  return (
    (isLookedUp ? lookupText(outcome) : "") +
    durationText(outcome.durationSeconds) +
    (isFailedByCel === undefined ? "" : failedDueToCel(isFailedByCel)) +
    failedDueToRegexText(facts.isFailedByRegexp) +
    failureText(outcome) +
    contentLength(isAnswered ? (facts.contentLengthBytes ?? -1) : 0) +
    phaseTexts(outcome, facts) +
    (lastModifiedSeconds === undefined ? "" : lastModified(lastModifiedSeconds)) +
    redirects(facts.redirects) +
    ssl(isAnswered && facts.isTls) +
    statusCode(facts.statusCode) +
    bodyLength(facts.uncompressedBodyBytes) +
    version(isAnswered ? (facts.httpVersion ?? 0) : 0) +
    (isLookedUp ? addressTexts(outcome) : "") +
    earliestExpiryText(tls) +
    chainExpiryText(tls) +
    chainInfoText(tls) +
    successText(outcome) +
    timeoutText(timeoutSeconds) +
    tlsCipherText(tls) +
    tlsVersionText(tls)
  );
}

/** The phases blackbox_exporter has made series for by the time the probe ended. */
function phaseTexts(outcome: ProbeOutcome, facts: HttpFacts): string {
  if (isUnreadableTarget(outcome)) return "";
  const isResolveShown = facts.isResolveSkipped !== true || followedRedirects(facts) > 0;
  const isRequestBegun = !isEndedBeforeRequest(outcome, facts);
  if (!isRequestBegun && !isResolveShown) return "";
  const { connect, processing, resolve, tls, transfer } = endedPhases(outcome, facts);
  const { of } = phases;
  return (
    phases.head +
    (isRequestBegun
      ? sampleLine(of.connect, connect) + sampleLine(of.processing, processing)
      : "") +
    (isResolveShown ? sampleLine(of.resolve, resolve) : "") +
    (isRequestBegun ? sampleLine(of.tls, tls) + sampleLine(of.transfer, transfer) : "")
  );
}

function isEndedBeforeRequest(outcome: ProbeOutcome, facts: HttpFacts): boolean {
  if (outcome.kind === "succeeded") return false;
  if (outcome.reason === "body_file") return true;
  // A file of `tls_config` that cannot be used: there is no handshake without a connection.
  if (outcome.reason.startsWith("tls_") && facts.phases.connect === 0) return true;
  return facts.isResolveSkipped !== true && isNameWithoutAddress(outcome);
}

/**
 * The phases as blackbox_exporter counts them: a phase that a hop did not end is 0, and that of a connection ends with
 * TLS. Only `resolve` is told of whatever came. What hops before the last took is left, for they had an answer.
 */
function endedPhases(outcome: ProbeOutcome, facts: HttpFacts): HttpFacts["phases"] {
  if (facts.statusCode !== 0 || outcome.kind === "succeeded") return facts.phases;
  if (facts.redirects > 0) return { ...facts.phases, transfer: 0 };
  const { resolve, connect, tls, processing, transfer } = facts.phases;
  if (transfer > 0) return { resolve, connect, tls, processing, transfer: 0 };
  const isUnconnected = processing === 0 && UNCONNECTED.test(outcome.reason);
  if (isUnconnected) return { resolve, connect: 0, tls: 0, processing: 0, transfer: 0 };
  return { resolve, connect, tls, processing: 0, transfer: 0 };
}

/** A name that is not found here is that of a proxy: without the target's address no request had begun. */
const UNCONNECTED = /^(?:connect|tls|proxy|dns)_/;

/** A redirect that is the last answer was seen and not followed. */
function followedRedirects({ redirects: seen, statusCode: code }: HttpFacts): number {
  return code >= 300 && code < 400 ? seen - 1 : seen;
}
