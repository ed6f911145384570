/** Upper bounds of the round-trip-time buckets: 50 µs · 2^i for i = 0…17; +Inf comes after. */
export const RTT_BOUNDS_SECONDS: readonly number[] = doubling(50e-6, 18);

/** Upper bounds of every other duration: 1 ms · 2^i for i = 0…14; +Inf comes after. */
export const DURATION_BOUNDS_SECONDS: readonly number[] = doubling(1e-3, 15);

/** Upper bounds of the send lag (planned to sent), in seconds: those of the times it would falsify. */
export const SEND_LAG_BOUNDS: readonly number[] = RTT_BOUNDS_SECONDS;

/** Buckets of one round-trip-time histogram, +Inf included. */
export const RTT_BUCKET_COUNT = RTT_BOUNDS_SECONDS.length + 1;

/** Buckets of one duration histogram, +Inf included. */
export const DURATION_BUCKET_COUNT = DURATION_BOUNDS_SECONDS.length + 1;

function doubling(first: number, count: number): number[] {
  // toPrecision takes the binary noise out of 0.00005 · 2^i, so that `le` reads 0.0004.
  return Array.from({ length: count }, (_, i) => Number((first * 2 ** i).toPrecision(12)));
}

/**
 * Index of the first bound that is not below `value`; `bounds.length` (+Inf) when none is.
 * Prometheus' `le` is inclusive.
 */
export function bucketIndex(bounds: readonly number[], value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= (bounds[middle] ?? Number.POSITIVE_INFINITY)) high = middle;
    else low = middle + 1;
  }
  return low;
}
