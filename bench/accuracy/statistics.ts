/** Of no values: NaN. */
export function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** The smallest value that is not below `share` of all (nearest rank); NaN of no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}

export type CumulativeBucket = { readonly upTo: number; readonly count: number };

/** As PromQL's histogram_quantile(): linear within the bucket. @param buckets In rising order, +Inf last. */
export function histogramQuantile(buckets: readonly CumulativeBucket[], share: number): number {
  const rank = share * (buckets.at(-1)?.count ?? 0);
  let below = { upTo: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= rank && bucket.count > below.count) {
      if (bucket.upTo === Number.POSITIVE_INFINITY) return below.upTo;
      const within = (rank - below.count) / (bucket.count - below.count);
      return below.upTo + (bucket.upTo - below.upTo) * within;
    }
    below = bucket;
  }
  return Number.NaN;
}
