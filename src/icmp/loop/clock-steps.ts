import type { Clock } from "../../runtime/clock.ts";

/** Wall time is read in whole milliseconds: a smaller step cannot be told from that. */
const MIN_STEP_SECONDS = 0.005;

/** Readings further apart than this say nothing: the thread was interrupted between them. */
const MAX_READING_SECONDS = 0.001;

/**
 * When the wall clock was stepped against the monotonic one. [hot]
 *
 * Slewing (adjtime) moves both alike and does not show here. A step is known at the reading after it, so that
 * everything sent before that reading is counted as stepped over.
 */
export class ClockSteps {
  readonly #clock: Clock;
  #offsetSeconds: number;
  #steppedAtSeconds = Number.NEGATIVE_INFINITY;
  /** As read last, Unix seconds. */
  wallSeconds: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.wallSeconds = clock.wallSeconds();
    this.#offsetSeconds = this.wallSeconds - clock.monotonicSeconds();
  }

  /** Compares the clocks. @returns by how much the wall clock was stepped since the reading before; 0 for not. */
  read(nowSeconds: number): number {
    this.wallSeconds = this.#clock.wallSeconds();
    if (this.#clock.monotonicSeconds() - nowSeconds > MAX_READING_SECONDS) return 0;
    const offset = this.wallSeconds - nowSeconds;
    const step = offset - this.#offsetSeconds;
    if (Math.abs(step) < MIN_STEP_SECONDS) return 0;
    this.#offsetSeconds = offset;
    this.#steppedAtSeconds = nowSeconds;
    return step;
  }

  /** Whether the clock was stepped after this monotonic time: wall-clock stamps from then do not compare. */
  isSteppedSince(monotonicSeconds: number): boolean {
    return monotonicSeconds < this.#steppedAtSeconds;
  }
}
