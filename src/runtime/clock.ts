/**
 * Where time comes from. Handed in wherever something waits or measures, so that a test can hold it.
 *
 * Both readings are seconds. `monotonicSeconds` never steps and has an arbitrary zero that is the
 * same in every thread of the process; `wallSeconds` is Unix time and may step.
 */
export type Clock = {
  readonly monotonicSeconds: () => number;
  readonly wallSeconds: () => number;
};

const NANOSECONDS_PER_SECOND = 1e9;

/** CLOCK_MONOTONIC by `process.hrtime` (`performance.now()` has another zero in each thread). */
export const systemClock: Clock = {
  monotonicSeconds: () => Number(process.hrtime.bigint()) / NANOSECONDS_PER_SECOND,
  wallSeconds: () => Date.now() / 1000,
};
