import type { Clock } from "../../src/runtime/clock.ts";

/** Unix time at the start: fixed, so that every run is the same. */
const WALL_START_SECONDS = 1_700_000_000;
const MONOTONIC_START_SECONDS = 5000;

/** A clock that stands still until told otherwise, and whose wall time can be stepped as ntpd does. */
export class SteppingClock implements Clock {
  #now = MONOTONIC_START_SECONDS;
  /** Wall less monotonic time, from a monotonic moment on; oldest first. */
  readonly #offsets = [{ fromSeconds: 0, seconds: WALL_START_SECONDS - MONOTONIC_START_SECONDS }];

  readonly monotonicSeconds = (): number => this.#now;
  readonly wallSeconds = (): number => this.#now + this.#offsetAt(this.#now);

  advanceSeconds(seconds: number): void {
    this.#now += seconds;
  }

  /** @param monotonicSeconds Not in the past. */
  advanceTo(monotonicSeconds: number): void {
    this.#now = Math.max(this.#now, monotonicSeconds);
  }

  /** Sets the wall clock forward, or back if negative. */
  stepSeconds(by: number): void {
    const seconds = this.#offsetAt(this.#now) + by;
    this.#offsets.push({ fromSeconds: this.#now, seconds });
  }

  /** A kernel stamp of a moment that has been: Unix seconds and nanoseconds. */
  stampAt(monotonicSeconds: number): [seconds: number, nanoseconds: number] {
    const offset = this.#offsetAt(monotonicSeconds);
    // Apart, because Unix seconds as a double step by 0.24 µs; both parts here are small.
    const whole = Math.floor(monotonicSeconds) + Math.floor(offset);
    const fraction =
      monotonicSeconds - Math.floor(monotonicSeconds) + (offset - Math.floor(offset));
    const nanoseconds = Math.round(fraction * 1e9);
    return [whole + Math.floor(nanoseconds / 1e9), nanoseconds % 1e9];
  }

  #offsetAt(monotonicSeconds: number): number {
    return (
      this.#offsets.findLast(({ fromSeconds }) => fromSeconds <= monotonicSeconds)?.seconds ?? 0
    );
  }
}
