import type { Clock } from "../runtime/clock.ts";
import type { NameWatch } from "./name-watch.ts";

/** Names that have not answered by then no longer hold readiness back. */
const MAX_FIRST_TRY_SECONDS = 10;

/**
 * Ready = configuration in force, listener and engine running (where a group needs it), and each name asked for once, for
 * at most 10 s.
 * The listener is there when it is asked at all.
 */
export function readinessOf(options: {
  /** Whether engine and probe worker run and have their targets. */
  readonly hasStarted: boolean;
  /** Why ICMP cannot be measured; undefined when it can, or nothing wants it. */
  readonly engineProblem: string | undefined;
  readonly clock: Clock;
  readonly startedAtSeconds: number;
  readonly names: NameWatch;
}): { readonly ready: boolean; readonly reason: string } {
  if (!options.hasStarted) return { ready: false, reason: "Starting the probe worker" };
  if (options.engineProblem !== undefined) {
    return { ready: false, reason: `ICMP cannot be measured: ${options.engineProblem}` };
  }
  const ageSeconds = options.clock.monotonicSeconds() - options.startedAtSeconds;
  if (options.names.areAllTried || ageSeconds > MAX_FIRST_TRY_SECONDS) {
    return { ready: true, reason: "Ready" };
  }
  return { ready: false, reason: "Waiting for the first look-up of every target's name" };
}
