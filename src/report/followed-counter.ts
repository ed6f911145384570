import type { Counter } from "prom-client";

/**
 * A counter that follows readings kept elsewhere. It never falls: a reading below the last one means
 * that its source began anew, and adds as a whole, as Prometheus itself takes a reset.
 */
export class FollowedCounter {
  readonly #counter: Counter;
  readonly #last = new Map<string, number>();

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  /** @param reading Undefined, or no count (below 0, NaN), leaves the counter where it is, at 0 in the beginning. */
  follow(labels: Readonly<Record<string, string>>, reading: number | undefined): void {
    const key = JSON.stringify(labels);
    const last = this.#last.get(key) ?? 0;
    const now = isCount(reading) ? reading : last;
    this.#last.set(key, now);
    this.#counter.inc(labels, now >= last ? now - last : now);
  }
}

/** Whether a reading counts something: transports say −1 of what nobody counts. */
export function isCount(reading: number | undefined): reading is number {
  return reading !== undefined && Number.isFinite(reading) && reading >= 0;
}
