import type { EchoOutcome } from "../icmp/echo.ts";
import type { PingStatistics } from "./ping.ts";

/**
 * Counts and moments of the echoes to one name, in constant memory.
 *
 * Mean and variance by Welford's recurrence: the sum of squares of nearly equal round-trip times loses all digits
 * of their difference.
 */
export class RunningStatistics {
  #received = 0;
  #lost = 0;
  #suspect = 0;
  #unsent = 0;
  #minSeconds = Number.POSITIVE_INFINITY;
  #maxSeconds = Number.NEGATIVE_INFINITY;
  #meanSeconds = 0;
  #squares = 0;

  add(outcome: EchoOutcome): void {
    switch (outcome.kind) {
      case "answered":
        this.#answer(outcome.rttSeconds);
        return;
      case "lost":
        this.#lost += 1;
        return;
      case "suspect":
        this.#suspect += 1;
        return;
      case "unsent":
        this.#unsent += 1;
        return;
    }
  }

  #answer(rttSeconds: number): void {
    this.#received += 1;
    this.#minSeconds = Math.min(this.#minSeconds, rttSeconds);
    this.#maxSeconds = Math.max(this.#maxSeconds, rttSeconds);
    const distance = rttSeconds - this.#meanSeconds;
    this.#meanSeconds += distance / this.#received;
    this.#squares += distance * (rttSeconds - this.#meanSeconds);
  }

  statistics(): PingStatistics {
    const isAnswered = this.#received > 0;
    const judged = this.#received + this.#lost;
    return {
      sent: judged + this.#suspect,
      received: this.#received,
      lost: this.#lost,
      suspect: this.#suspect,
      unsent: this.#unsent,
      lossRatio: judged > 0 ? this.#lost / judged : undefined,
      minSeconds: isAnswered ? this.#minSeconds : undefined,
      // Rounding may carry the mean past the ends; of equal values it must be that value.
      avgSeconds: isAnswered
        ? Math.min(Math.max(this.#meanSeconds, this.#minSeconds), this.#maxSeconds)
        : undefined,
      maxSeconds: isAnswered ? this.#maxSeconds : undefined,
      stddevSeconds: isAnswered ? Math.sqrt(this.#squares / this.#received) : undefined,
    };
  }
}
