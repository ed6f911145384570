import { mean, quantile } from "./statistics.ts";
import type { RttBounds, WireTruth } from "./wire.ts";

/** What one program said of its echoes to some targets, beside what was on the wire meanwhile. */
export type Outcome = {
  readonly who: string;
  /** What else the machine was made to do. */
  readonly condition: string;
  readonly targets: number;
  readonly wire: {
    readonly requests: number;
    readonly unanswered: number;
    readonly meanSeconds: RttBounds;
    readonly p99Seconds: RttBounds;
  };
  readonly reported: {
    /** Echoes whose end the program tells. */
    readonly echoes: number;
    readonly unanswered: number;
    readonly meanSeconds: number;
    readonly p99Seconds: number;
  };
};

const P99 = 0.99;

export function wireFigures({ requests, unanswered, echoes }: WireTruth): Outcome["wire"] {
  const atLeast = echoes.map((echo) => echo.atLeast);
  const atMost = echoes.map((echo) => echo.atMost);
  return {
    requests,
    unanswered,
    meanSeconds: { atLeast: mean(atLeast), atMost: mean(atMost) },
    p99Seconds: { atLeast: quantile(atLeast, P99), atMost: quantile(atMost, P99) },
  };
}

/** Of a program that tells each of its round-trip times. */
export function reportedFigures(
  rttSeconds: readonly number[],
  unanswered: number,
): Outcome["reported"] {
  return {
    echoes: rttSeconds.length + unanswered,
    unanswered,
    meanSeconds: mean(rttSeconds),
    p99Seconds: quantile(rttSeconds, P99),
  };
}

/** How far a figure lies outside of what it can be: below 0 it is too small, within it is 0. */
export function errorSeconds(seconds: number, { atLeast, atMost }: RttBounds): number {
  if (Number.isNaN(seconds + atLeast + atMost)) return Number.NaN;
  return Math.max(seconds - atMost, 0) - Math.max(atLeast - seconds, 0);
}

/** Echoes without a reply that the program tells of and the wire does not know. */
export function falseLosses({ wire, reported }: Outcome): number {
  return Math.max(reported.unanswered - wire.unanswered, 0);
}
