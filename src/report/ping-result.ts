import { type EchoOutcome, isLoss } from "../icmp/echo.ts";
import type { PingOutcome } from "../probe/icmp/ping.ts";

type Ended = Extract<PingOutcome, { readonly kind: "pinged" | "failed" }>;

/** The answer of the ping API. What is undefined is left out. Keys are part of the public contract. */
export function pingResult(target: string, outcome: Ended) {
  const head = { target, address: outcome.address?.text, family: outcome.address?.family };
  switch (outcome.kind) {
    case "failed": {
      const { reason, detail } = outcome;
      return { ...head, reason, error: detail, ...figuresOf([]), echoes: [] };
    }
    case "pinged": {
      const { echoes } = outcome;
      return { ...head, ...figuresOf(echoes), echoes: echoes.map(echoJson) };
    }
  }
}

/**
 * As every ping prints them. What the agent did not send, or may have lost itself, is not in the loss.
 * The standard deviation is that of these echoes, not an estimate for others (ping's `mdev`).
 */
function figuresOf(echoes: readonly EchoOutcome[]) {
  const rtts = echoes.flatMap((echo) => (echo.kind === "answered" ? [echo.rttSeconds] : []));
  const received = rtts.length;
  const lost = echoes.filter(isLoss).length;
  const suspect = echoes.filter(({ kind }) => kind === "suspect").length;
  const unsent = echoes.filter(({ kind }) => kind === "unsent").length;
  const finished = received + lost;
  const lossRatio = finished === 0 ? undefined : lost / finished;
  const counts = { sent: finished + suspect, received, lost, suspect, unsent, lossRatio };
  if (received === 0) return counts;
  const least = Math.min(...rtts);
  const most = Math.max(...rtts);
  // The sum is rounded; the mean of equal times must be that time.
  const mean = Math.min(Math.max(rtts.reduce((sum, rtt) => sum + rtt, 0) / received, least), most);
  const variance = rtts.reduce((sum, rtt) => sum + (rtt - mean) ** 2, 0) / received;
  return {
    ...counts,
    minSeconds: toNanosecond(least),
    avgSeconds: toNanosecond(mean),
    maxSeconds: toNanosecond(most),
    stddevSeconds: toNanosecond(Math.sqrt(variance)),
  };
}

/** Stamps have nanoseconds; digits beyond them are of binary fractions. */
function toNanosecond(seconds: number): number {
  return Number(seconds.toFixed(9));
}

/** @param index From 0; sequences are counted from 1, as ping prints them. */
function echoJson(echo: EchoOutcome, index: number) {
  const { kind } = echo;
  const sequence = index + 1;
  switch (echo.kind) {
    case "answered": {
      const { rttSeconds, hopLimit } = echo;
      return { sequence, kind, rttSeconds: toNanosecond(rttSeconds), hopLimit };
    }
    case "lost": {
      const { reason, reportedBy } = echo.explanation ?? {};
      return { sequence, kind, reason, reportedBy };
    }
    case "suspect":
      return { sequence, kind, reason: echo.cause };
    case "unsent":
      return { sequence, kind, reason: echo.errno };
  }
}
