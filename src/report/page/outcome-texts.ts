import type { ProbeOutcome } from "../../probe/prober.ts";
import { PAGE_METRICS } from "../catalogue/page-metrics.ts";
import { flagText, gaugeText, infoText } from "./gauge-text.ts";

/** `probe_duration_seconds`, on every page. */
export const durationText = gaugeText(PAGE_METRICS.duration);
/** `probe_timeout_seconds`, on every page: the timeout that was in force. */
export const timeoutText = gaugeText(PAGE_METRICS.timeout);
/** `probe_failed_due_to_regex` of every prober but websocket, which has one of its own. */
export const failedDueToRegexText = flagText(PAGE_METRICS.failedDueToRegex);

const successFlag = flagText(PAGE_METRICS.success);
const failureReason = infoText(PAGE_METRICS.failureInfo, "reason");

/** `probe_success`, on every page. */
export function successText(outcome: ProbeOutcome): string {
  return successFlag(outcome.kind === "succeeded");
}

/** `probe_failure_info`, which is ours; nothing when the probe succeeded. */
export function failureText(outcome: ProbeOutcome): string {
  return outcome.kind === "failed" ? failureReason(outcome.reason) : "";
}

/** Whether the name of the target was asked for and gave no address. */
export function isNameWithoutAddress(outcome: ProbeOutcome): boolean {
  return (
    outcome.kind === "failed" && outcome.address === undefined && outcome.reason.startsWith("dns_")
  );
}

/** Whether the target was refused as it is written, before anything was looked up. */
export function isUnreadableTarget(outcome: ProbeOutcome): boolean {
  return (
    outcome.kind === "failed" && outcome.address === undefined && outcome.reason === "bad_target"
  );
}
