import type { Clock } from "../../src/runtime/clock.ts";

/** A clock that stands still until told otherwise. Monotonic time starts at 0. */
export type FakeClock = Clock & { readonly advanceSeconds: (seconds: number) => void };

/** Unix time of the start: fixed, so that golden output is the same every day. */
const WALL_START_SECONDS = 1_700_000_000;

export function fakeClock(): FakeClock {
  let passedSeconds = 0;
  return {
    monotonicSeconds: () => passedSeconds,
    wallSeconds: () => WALL_START_SECONDS + passedSeconds,
    advanceSeconds: (seconds) => {
      passedSeconds += seconds;
    },
  };
}
