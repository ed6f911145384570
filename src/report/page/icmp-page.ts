import type { IcmpFacts, ProbeOutcome } from "../../probe/prober.ts";
import { PAGE_METRICS } from "../catalogue/page-metrics.ts";
import { addressTexts, lookupText } from "./address-texts.ts";
import { byLabel, gaugeText, sampleLine } from "./gauge-text.ts";
import { durationText, failureText, successText, timeoutText } from "./outcome-texts.ts";

const phases = byLabel(PAGE_METRICS.icmpDuration, "phase", ["resolve", "rtt", "setup"]);
const replyHopLimit = gaugeText(PAGE_METRICS.icmpReplyHopLimit);

/** The page of an icmp probe. All phases are there whatever happened; of a look-up that failed, at 0. */
export function icmpPage(outcome: ProbeOutcome, facts: IcmpFacts, timeoutSeconds: number): string {
  const resolveSeconds = outcome.address === undefined ? 0 : facts.phases.resolve;
  return (
    lookupText(outcome) +
    durationText(outcome.durationSeconds) +
    failureText(outcome) +
    phases.head +
    sampleLine(phases.of.resolve, resolveSeconds) +
    sampleLine(phases.of.rtt, facts.phases.rtt) +
    sampleLine(phases.of.setup, facts.phases.setup) +
    (facts.replyHopLimit === undefined ? "" : replyHopLimit(facts.replyHopLimit)) +
    addressTexts(outcome) +
    successText(outcome) +
    timeoutText(timeoutSeconds)
  );
}
