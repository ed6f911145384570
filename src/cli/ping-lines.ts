import type { PingEcho, PingFailure } from "../batch/ping.ts";
import type { EchoOutcome } from "../icmp/echo.ts";
import { familyOf } from "../runtime/address.ts";
import type { PingRow } from "./ping-board.ts";
import { hostText, millisecondsText } from "./ping-table.ts";

/** One echo as a line for people, without its end. */
export function echoLine(echo: PingEcho): string {
  return `${hostText(echo)}: seq=${echo.sequence} ${outcomeText(echo.outcome)}`;
}

function outcomeText(outcome: EchoOutcome): string {
  switch (outcome.kind) {
    case "answered": {
      const hops = outcome.hopLimit === undefined ? "" : `hop_limit=${outcome.hopLimit} `;
      return `${hops}time=${millisecondsText(outcome.rttSeconds)} ms`;
    }
    case "lost": {
      const { explanation } = outcome;
      if (explanation === undefined) return "lost";
      const by =
        explanation.reportedBy === undefined ? "" : ` (reported by ${explanation.reportedBy})`;
      return `lost: ${explanation.reason.replaceAll("_", " ")}${by}`;
    }
    case "suspect":
      return `unknown: this program may have lost the reply itself (${outcome.cause.replaceAll("_", " ")})`;
    case "unsent":
      return `not sent: ${outcome.errno}`;
  }
}

/** One echo as a line of JSON, in the words of the agent's ping API. @param atSeconds Unix time at which its end was told. */
export function echoJson(echo: PingEcho, atSeconds: number): string {
  const { name, address, sequence, outcome } = echo;
  const time = new Date(atSeconds * 1000).toISOString();
  return JSON.stringify({
    type: "echo",
    time,
    target: name,
    address,
    sequence,
    ...outcomeFields(outcome),
  });
}

function outcomeFields(outcome: EchoOutcome) {
  const { kind } = outcome;
  switch (outcome.kind) {
    case "answered":
      return { kind, rttSeconds: nanoseconds(outcome.rttSeconds), hopLimit: outcome.hopLimit };
    case "lost":
      return { kind, ...outcome.explanation };
    case "suspect":
      return { kind, reason: outcome.cause };
    case "unsent":
      return { kind, reason: outcome.errno };
  }
}

/** What the echoes to one host came to, as a line of JSON; what there is not is left out. */
export function summaryJson({ name, address, failure, statistics }: PingRow): string {
  const { minSeconds, avgSeconds, maxSeconds, stddevSeconds } = statistics;
  return JSON.stringify({
    type: "summary",
    target: name,
    address,
    family: address === undefined ? undefined : familyOf(address),
    ...statistics,
    minSeconds: nanoseconds(minSeconds),
    avgSeconds: nanoseconds(avgSeconds),
    maxSeconds: nanoseconds(maxSeconds),
    stddevSeconds: nanoseconds(stddevSeconds),
    reason: failure?.reason,
    error: failure?.detail,
  });
}

/** Why a host is not sent to, for standard error. */
export function failureLine(name: string, { detail }: PingFailure): string {
  const sentence = detail.replace(/\p{C}/gu, "?");
  return `sounder ping: ${hostText({ name, address: undefined })}: ${sentence}`;
}

/** Stamps have nanoseconds; digits beyond them are of binary fractions. */
function nanoseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Number(seconds.toFixed(9));
}
