import type { ProbeOutcome, WebsocketFacts } from "../../probe/prober.ts";
import { PAGE_METRICS } from "../catalogue/page-metrics.ts";
import { addressTexts, lookupText } from "./address-texts.ts";
import { byLabel, flagText, gaugeText, sampleLine } from "./gauge-text.ts";
import {
  durationText,
  failureText,
  isNameWithoutAddress,
  isUnreadableTarget,
  successText,
  timeoutText,
} from "./outcome-texts.ts";

const phases = byLabel(PAGE_METRICS.websocketDuration, "phase", [
  "connect",
  "processing",
  "resolve",
  "transfer",
]);
const upgraded = flagText(PAGE_METRICS.websocketUpgraded);
const failedDueToRegex = flagText(PAGE_METRICS.websocketFailedDueToRegex);
const statusCode = gaugeText(PAGE_METRICS.websocketStatusCode);

/**
 * The page of a websocket probe. As blackbox_exporter's, a phase is there once it ended, and nothing is said of TLS. A
 * target that is no URL of a web socket is looked up there, in vain: most such text is a URL to Go, one without a host.
 */
export function websocketPage(
  outcome: ProbeOutcome,
  facts: WebsocketFacts,
  timeoutSeconds: number,
): string {
  const isFound = outcome.address !== undefined;
  const isLookedUp = isFound || isNameWithoutAddress(outcome) || isUnreadableTarget(outcome);
  return (
    (isLookedUp ? lookupText(outcome) : "") +
    durationText(outcome.durationSeconds) +
    failureText(outcome) +
    (isLookedUp ? addressTexts(outcome) : "") +
    successText(outcome) +
    timeoutText(timeoutSeconds) +
    upgraded(facts.isUpgraded) +
    (isFound ? phaseTexts(facts) : "") +
    failedDueToRegex(facts.isFailedByRegexp) +
    statusCode(facts.statusCode)
  );
}

/** TLS belongs to `processing`, and so does the time of a connection that was not made. */
function phaseTexts({ phases: seconds, isUpgraded }: WebsocketFacts): string {
  const isConnected = isUpgraded || seconds.tls > 0 || seconds.processing > 0;
  const processingSeconds = isConnected ? seconds.tls + seconds.processing : seconds.connect;
  return (
    phases.head +
    (isConnected ? sampleLine(phases.of.connect, seconds.connect) : "") +
    sampleLine(phases.of.processing, processingSeconds) +
    sampleLine(phases.of.resolve, seconds.resolve) +
    (seconds.transfer > 0 ? sampleLine(phases.of.transfer, seconds.transfer) : "")
  );
}
