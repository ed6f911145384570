import type { Address } from "../runtime/address.ts";
import { Deadline } from "./deadline.ts";
import { type Failed, failed, timedOut } from "./failure.ts";
import { ProbeLog } from "./probe-log.ts";
import type { ProbeRequest, ProbeTools } from "./probe-request.ts";
import type { ProbeFacts, ProbeOutcome } from "./prober.ts";
import { type StageClock, Stages, type TimedProber } from "./stages.ts";

/** The tools no prober does without. */
export type BaseTools = Pick<ProbeTools, "clock" | "resolve" | "guard">;

/** One probe under way: what every prober has, and what it has learnt so far that every outcome tells. */
export type Attempt<T extends BaseTools = ProbeTools> = {
  readonly request: ProbeRequest;
  readonly tools: T;
  readonly stages: StageClock;
  readonly log: ProbeLog;
  /** Aborts at the deadline, and when the caller goes away. */
  readonly signal: AbortSignal;
  /** The address connected to first; undefined while none was found. */
  address: Address | undefined;
  /** Of the (first) name look-up. */
  lookupSeconds: number;
};

/** An attempt whose stopwatch can be read. */
export type AttemptOf<P extends TimedProber, T extends BaseTools = ProbeTools> = Attempt<T> & {
  readonly stages: Stages<P>;
};

/**
 * Runs one probe under its deadline and makes its outcome, whatever happens.
 *
 * @param parts.make The probe itself; says why it failed, if it did. It may throw only once the
 *   attempt's signal has aborted; anything else thrown is a bug, and is thrown on.
 * @param parts.facts Asked at the end, also when `make` was cut.
 */
export async function attempt<P extends TimedProber, T extends BaseTools>(parts: {
  readonly prober: P;
  readonly request: ProbeRequest;
  readonly tools: T;
  readonly signal: AbortSignal;
  readonly make: (attempt: AttemptOf<P, T>) => Promise<Failed | undefined>;
  readonly facts: (attempt: AttemptOf<P, T>) => ProbeFacts;
}): Promise<ProbeOutcome> {
  const { prober, request, tools } = parts;
  const { clock } = tools;
  const begunSeconds = clock.monotonicSeconds();
  const deadline = new Deadline(request.timeoutSeconds, parts.signal);
  const own: AttemptOf<P, T> = {
    request,
    tools,
    stages: new Stages(prober, clock),
    log: new ProbeLog({ clock, isKept: request.isDebug }),
    signal: deadline.signal,
    address: undefined,
    lookupSeconds: 0,
  };
  let failure: Failed | undefined;
  try {
    failure = await parts.make(own);
  } catch (error) {
    if (deadline.ending === undefined) throw error;
    failure =
      deadline.ending === "cancelled"
        ? failed("cancelled", "the caller went away")
        : timedOut(own.stages.current, request.timeoutSeconds);
  } finally {
    deadline.clear();
  }
  own.stages.enter("prepare");
  if (failure !== undefined) {
    own.log.add("error", "Probe failed", { reason: failure.reason, detail: failure.detail });
  }
  const ended = {
    durationSeconds: clock.monotonicSeconds() - begunSeconds,
    finishedAtSeconds: clock.wallSeconds(),
    address: own.address,
    lookupSeconds: own.lookupSeconds,
    facts: parts.facts(own),
    isDisturbed: false,
    log: own.log.lines,
  };
  if (failure === undefined) return { ...ended, kind: "succeeded" };
  return { ...ended, ...failure };
}
