/** Timers wake a little late; what they missed may leave at once, up to so much of it. */
const BURST_SECONDS = 0.01;

/**
 * Holds all echoes of a batch to a rate.
 *
 * The generic cell rate algorithm (ITU-T I.371): one time says when the next echo would be on schedule. However
 * long the batch was idle, no more than `rate × 10 ms + 1` echoes leave together.
 */
export class Pace {
  readonly #gapSeconds: number;
  #onScheduleSeconds = Number.NEGATIVE_INFINITY;

  constructor(echoesPerSecond: number) {
    this.#gapSeconds = 1 / echoesPerSecond;
  }

  /** The earliest time at which another echo may leave. */
  get nextSeconds(): number {
    return this.#onScheduleSeconds - BURST_SECONDS;
  }

  /** Notes an echo that leaves now. */
  take(nowSeconds: number): void {
    this.#onScheduleSeconds = Math.max(this.#onScheduleSeconds, nowSeconds) + this.#gapSeconds;
  }
}
