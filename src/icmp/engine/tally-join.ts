import type { TallySnapshot } from "../engine-contract.ts";
import {
  bucketCountOf,
  columnWidth,
  isGauge,
  TALLY_WIDTHS,
  type TallyColumn,
  type TallyColumns,
} from "../loop/tally-layout.ts";

const COLUMNS = Object.keys(TALLY_WIDTHS) as readonly TallyColumn[];

/** Adds the counts of a stream in one engine to its joined row; gauges are those of the engine that has it now. */
export function joinRow(of: {
  readonly from: TallySnapshot;
  readonly inner: number;
  readonly to: TallyColumns;
  readonly number: number;
  readonly isCurrent: boolean;
}): void {
  const { from, inner, to, number } = of;
  const buckets = bucketCountOf(to);
  for (const name of COLUMNS) {
    if (isGauge(name) && !of.isCurrent) continue;
    const read = columnWidth(name, from.rttBucketCount);
    const written = columnWidth(name, buckets);
    for (let at = 0; at < read; at += 1) {
      const value = from[name][inner * read + at] ?? 0;
      const place = number * written + at;
      to[name][place] = isGauge(name) ? value : (to[name][place] ?? 0) + value;
    }
  }
}
