import { headText } from "../../metrics/exposition.ts";
import { labelText } from "../../metrics/label-text.ts";
import type { DialogueFacts, ProbeOutcome, TcpFacts, UnixFacts } from "../../probe/prober.ts";
import { PAGE_METRICS } from "../catalogue/page-metrics.ts";
import { addressTexts, lookupText } from "./address-texts.ts";
import {
  chainExpiryText,
  chainInfoText,
  earliestExpiryText,
  tlsVersionText,
} from "./certificate-texts.ts";
import { flagText } from "./gauge-text.ts";
import {
  durationText,
  failedDueToRegexText,
  failureText,
  isUnreadableTarget,
  successText,
  timeoutText,
} from "./outcome-texts.ts";

const failedDueToBytes = flagText(PAGE_METRICS.failedDueToBytes);
const EXPECT_INFO_START = `${headText(PAGE_METRICS.expectInfo)}${PAGE_METRICS.expectInfo.name}{`;

/**
 * The page of a tcp probe. It has no series of an address where the target has no port.
 *
 * `probe_failed_due_to_regex` is there from the beginning, as in blackbox_exporter before 0.28, which has it only once
 * the connection stands: rules and boards that know it should not lose it with an upgrade.
 */
export function tcpPage(outcome: ProbeOutcome, facts: TcpFacts, timeoutSeconds: number): string {
  const isLookedUp = !isUnreadableTarget(outcome);
  return (
    (isLookedUp ? lookupText(outcome) : "") +
    durationText(outcome.durationSeconds) +
    (facts.isConnected ? dialogueTexts(facts) : "") +
    failedDueToRegexText(facts.isFailedByRegexp) +
    failureText(outcome) +
    (isLookedUp ? addressTexts(outcome) : "") +
    end(outcome, facts, timeoutSeconds)
  );
}

/** The page of a unix probe, which knows no address; what is of the dialogue is there once the connection stands. */
export function unixPage(outcome: ProbeOutcome, facts: UnixFacts, timeoutSeconds: number): string {
  return (
    durationText(outcome.durationSeconds) +
    (facts.isConnected ? dialogueTexts(facts) + failedDueToRegexText(facts.isFailedByRegexp) : "") +
    failureText(outcome) +
    end(outcome, facts, timeoutSeconds)
  );
}

function dialogueTexts(facts: DialogueFacts): string {
  return expectInfoText(facts) + failedDueToBytes(facts.isFailedByBytes);
}

/** The families after those of an address. */
function end(outcome: ProbeOutcome, { tls }: DialogueFacts, timeoutSeconds: number): string {
  return (
    earliestExpiryText(tls) +
    chainExpiryText(tls) +
    chainInfoText(tls) +
    successText(outcome) +
    timeoutText(timeoutSeconds) +
    tlsVersionText(tls)
  );
}

/** Labels by name, as client_golang writes them. */
function expectInfoText({ expectInfo }: DialogueFacts): string {
  if (expectInfo === undefined) return "";
  const labels = expectInfo.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `${EXPECT_INFO_START}${labelText(labels)}} 1\n`;
}
