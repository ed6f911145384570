import { leTexts } from "../metrics/exposition.ts";
import { RTT_BOUNDS_SECONDS } from "../metrics/histogram.ts";

/** Number of the common bounds. */
const COMMON = 0;

/**
 * The `le="…"` texts of round-trip-time histograms, rendered once for all targets that have the same bounds.
 *
 * A list of bounds is named by a number that a target keeps. Lists are never forgotten: they stand in groups, which
 * files name few.
 */
export class BucketTexts {
  readonly #texts: (readonly string[])[] = [leTexts(RTT_BOUNDS_SECONDS)];
  readonly #numbers = new Map<string, number>([[RTT_BOUNDS_SECONDS.join(), COMMON]]);

  /** @param boundsSeconds Rising; undefined for the common ones. */
  numberOf(boundsSeconds: readonly number[] | undefined): number {
    if (boundsSeconds === undefined) return COMMON;
    const key = boundsSeconds.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#texts.push(leTexts(boundsSeconds)) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  /** One text for each bound, then that of +Inf. */
  of(number: number): readonly string[] {
    return this.#texts[number] ?? [];
  }
}
