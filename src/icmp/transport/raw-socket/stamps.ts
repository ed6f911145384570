import type { Clock } from "../../../runtime/clock.ts";

/**
 * Stamps of the send call and of arrival, from one monotonic clock, so that their difference is right whatever
 * becomes of the wall clock. Unix time as it was at the start; a step since then is not followed.
 */
export class UnixStamps {
  /** Of the last `read`. */
  seconds = 0;
  nanoseconds = 0;
  readonly #clock: Clock;
  readonly #unixSeconds: number;
  /** Monotonic time at `#unixSeconds`, which is whole: a double has no room for Unix time with nanoseconds. */
  readonly #zeroSeconds: number;

  constructor(clock: Clock) {
    const wallSeconds = clock.wallSeconds();
    this.#clock = clock;
    this.#unixSeconds = Math.floor(wallSeconds);
    this.#zeroSeconds = clock.monotonicSeconds() - (wallSeconds - this.#unixSeconds);
  }

  read(): void {
    const elapsed = this.#clock.monotonicSeconds() - this.#zeroSeconds;
    const whole = Math.floor(elapsed);
    this.seconds = this.#unixSeconds + whole;
    this.nanoseconds = Math.min(Math.round((elapsed - whole) * 1e9), 999_999_999);
  }
}
