import { errorSeconds } from "./outcome.ts";
import type { RecordedEcho } from "./record.ts";
import { NO_STAMP, secondsBetween } from "./stamp.ts";
import { mean, quantile } from "./statistics.ts";
import type { WireEcho, WireTruth } from "./wire.ts";

/** Mean and 99th percentile of the echoes of a run. */
export type Spread = { readonly meanSeconds: number; readonly p99Seconds: number };

/**
 * Where the differences between the agent's round-trip times and the captures' come from, echo by echo. The agent
 * subtracts the driver's stamp of a request from the socket's of its reply, so
 *
 *     round-trip time − near capture's = (near capture's stamp of the request − driver's)
 *                                      + (socket's stamp of the reply − near capture's).
 */
export type ErrorParts = {
  /** Echoes that are in the record and on the wire; the rest of these figures is of them. */
  readonly echoes: number;
  /** Of those, the ones whose round-trip time is not that between the kernel's two stamps. */
  readonly unstamped: number;
  /** From the near capture's stamp of the request to the driver's. */
  readonly captureToDriver: Spread;
  /** The mean of the same: where no packet of the targets had passed for a millisecond before, and where one had. */
  readonly captureToDriverAfterQuietSeconds: number;
  readonly captureToDriverOtherwiseSeconds: number;
  /** From the driver's stamp of the request to the far capture's. */
  readonly driverToFar: Spread;
  /** Largest difference between the near capture's stamp of a reply and the socket's. */
  readonly largestReplyGapSeconds: number;
  /** The farthest that one echo was outside of its own bounds. */
  readonly largestErrorSeconds: number;
};

const P99 = 0.99;
/** Longer than a burst of echoes takes, shorter than the time between two ticks of the agent. */
const QUIET_SECONDS = 0.001;
/** Stamps are whole nanoseconds; half of one is the noise of doubles. */
const SAME_SECONDS = 0.5e-9;

const UNKNOWN: WireEcho = {
  atLeast: Number.NaN,
  atMost: Number.NaN,
  left: NO_STAMP,
  arrived: NO_STAMP,
  replied: NO_STAMP,
  quietSeconds: Number.NaN,
};

/** A recorded echo that is not on the wire makes every figure NaN that it would be in. */
export function errorParts(record: readonly RecordedEcho[], truth: WireTruth): ErrorParts {
  const afterQuiet: number[] = [];
  const otherwise: number[] = [];
  const driverToFar: number[] = [];
  let unstamped = 0;
  let echoes = 0;
  let largestReplyGapSeconds = 0;
  let largestErrorSeconds = 0;
  for (const { recorded, wire } of pairs(record, truth)) {
    echoes += 1;
    const { rttSeconds, transmitted, received } = recorded;
    const error = Math.abs(errorSeconds(rttSeconds, wire));
    largestErrorSeconds = Math.max(largestErrorSeconds, error);
    const stampedSeconds = secondsBetween(transmitted, received);
    if (!(Math.abs(stampedSeconds - rttSeconds) < SAME_SECONDS)) {
      unstamped += 1;
      continue;
    }
    const gaps = wire.quietSeconds >= QUIET_SECONDS ? afterQuiet : otherwise;
    gaps.push(secondsBetween(wire.left, transmitted));
    driverToFar.push(secondsBetween(transmitted, wire.arrived));
    const replyGap = Math.abs(secondsBetween(wire.replied, received));
    largestReplyGapSeconds = Math.max(largestReplyGapSeconds, replyGap);
  }
  return {
    echoes,
    unstamped,
    captureToDriver: spread([...afterQuiet, ...otherwise]),
    captureToDriverAfterQuietSeconds: mean(afterQuiet),
    captureToDriverOtherwiseSeconds: mean(otherwise),
    driverToFar: spread(driverToFar),
    largestReplyGapSeconds,
    largestErrorSeconds,
  };
}

/** What is recorded of an echo and what was on the wire have the same name, and the same rank among those of that name. */
function* pairs(
  record: readonly RecordedEcho[],
  { echoesByKey }: WireTruth,
): Generator<{ readonly recorded: RecordedEcho; readonly wire: WireEcho }> {
  const seen = new Map<number, number>();
  for (const recorded of record) {
    const nth = seen.get(recorded.key) ?? 0;
    seen.set(recorded.key, nth + 1);
    yield { recorded, wire: echoesByKey.get(recorded.key)?.[nth] ?? UNKNOWN };
  }
}

function spread(seconds: readonly number[]): Spread {
  return { meanSeconds: mean(seconds), p99Seconds: quantile(seconds, P99) };
}
