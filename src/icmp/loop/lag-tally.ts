import { bucketIndex, RTT_BOUNDS_SECONDS, RTT_BUCKET_COUNT } from "../../metrics/histogram.ts";

/** A histogram of how late echoes left, over all streams; its bounds are those of round-trip times. [hot] */
export class LagTally {
  readonly #buckets = new Float64Array(RTT_BUCKET_COUNT);
  #count = 0;
  #sumSeconds = 0;

  /** @param seconds Below 0 counts as 0: the grid rounds due times up. */
  add(seconds: number): void {
    const lag = Math.max(seconds, 0);
    const at = bucketIndex(RTT_BOUNDS_SECONDS, lag);
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
    this.#count += 1;
    this.#sumSeconds += lag;
  }

  snapshot(): { count: number; sumSeconds: number; buckets: Float64Array } {
    return {
      count: this.#count,
      sumSeconds: this.#sumSeconds,
      buckets: Float64Array.from(this.#buckets),
    };
  }
}
