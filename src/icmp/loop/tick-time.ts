import type { Clock } from "../../runtime/clock.ts";
import { ClockSteps } from "./clock-steps.ts";

/** The times that everybody who works in a tick goes by, each read once. Monotonic unless they say so. [hot] */
export class TickTime {
  readonly #clock: Clock;
  readonly #steps: ClockSteps;
  /** Taken before the socket is drained: a reply that the kernel held is never overtaken by its deadline. */
  nowSeconds: number;
  /** The same of the tick before: what is read now came after it. */
  previousSeconds: number;
  /** Unix time. */
  wallSeconds: number;
  /** Read once for all streams that are due in a tick. */
  dueAtSeconds: number;
  /** Read last before packets were handed to the kernel. */
  sendCallSeconds: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#steps = new ClockSteps(clock);
    this.nowSeconds = clock.monotonicSeconds();
    this.previousSeconds = this.nowSeconds;
    this.wallSeconds = clock.wallSeconds();
    this.dueAtSeconds = this.nowSeconds;
    this.sendCallSeconds = this.nowSeconds;
  }

  /** @returns by how much the wall clock was stepped since the tick before, in seconds; 0 for not at all. */
  begin(): number {
    this.previousSeconds = this.nowSeconds;
    this.nowSeconds = this.#clock.monotonicSeconds();
    const step = this.#steps.read(this.nowSeconds);
    this.wallSeconds = this.#steps.wallSeconds;
    return step;
  }

  /** A new reading of the monotonic clock. */
  readSeconds(): number {
    return this.#clock.monotonicSeconds();
  }

  /** Whether the wall clock was stepped after this time: wall-clock stamps from then do not compare. */
  isSteppedSince(monotonicSeconds: number): boolean {
    return this.#steps.isSteppedSince(monotonicSeconds);
  }
}
