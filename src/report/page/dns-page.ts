import type { DnsFacts, ProbeOutcome } from "../../probe/prober.ts";
import { PAGE_METRICS } from "../catalogue/page-metrics.ts";
import { addressTexts, lookupText } from "./address-texts.ts";
import { byLabel, flagText, gaugeText, sampleLine } from "./gauge-text.ts";
import { durationText, failureText, successText, timeoutText } from "./outcome-texts.ts";

const phases = byLabel(PAGE_METRICS.dnsDuration, "phase", ["connect", "request", "resolve"]);
const additional = gaugeText(PAGE_METRICS.dnsAdditionalRecords);
const answer = gaugeText(PAGE_METRICS.dnsAnswerRecords);
const authority = gaugeText(PAGE_METRICS.dnsAuthorityRecords);
const querySucceeded = flagText(PAGE_METRICS.dnsQuerySucceeded);
const serial = gaugeText(PAGE_METRICS.dnsSerial);

/**
 * The page of a dns probe. The look-up is that of the server's name; everything is there from the beginning but the
 * serial, which comes with the answer to a question for SOA. As blackbox_exporter's, it says nothing of TLS.
 */
export function dnsPage(outcome: ProbeOutcome, facts: DnsFacts, timeoutSeconds: number): string {
  const { sections } = facts;
  const { connect, request, resolve, tls } = facts.phases;
  const isSerialShown = sections !== undefined && facts.isSoaAsked;
  return (
    additional(sections?.additional ?? 0) +
    answer(sections?.answer ?? 0) +
    authority(sections?.authority ?? 0) +
    phases.head +
    sampleLine(phases.of.connect, connect + tls) +
    sampleLine(phases.of.request, request) +
    sampleLine(phases.of.resolve, outcome.address === undefined ? 0 : resolve) +
    lookupText(outcome) +
    querySucceeded(sections !== undefined) +
    (isSerialShown ? serial(facts.soaSerial ?? 0) : "") +
    durationText(outcome.durationSeconds) +
    failureText(outcome) +
    addressTexts(outcome) +
    successText(outcome) +
    timeoutText(timeoutSeconds)
  );
}
