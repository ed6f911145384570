import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { joinRow } from "../../../src/icmp/engine/tally-join.ts";
import type { TallySnapshot } from "../../../src/icmp/engine-contract.ts";
import {
  blockBytes,
  columnsOf,
  columnWidth,
  isGauge,
  TALLY_WIDTHS,
  type TallyColumn,
  type TallyColumns,
} from "../../../src/icmp/loop/tally-layout.ts";
import { RTT_BUCKET_COUNT } from "../../../src/metrics/histogram.ts";

const COLUMNS = Object.keys(TALLY_WIDTHS) as readonly TallyColumn[];
const ROWS = 4;

function emptyColumns(bucketCount: number): TallyColumns {
  return columnsOf(new ArrayBuffer(blockBytes(ROWS, bucketCount)), bucketCount);
}

/** A snapshot whose numbers all differ: each is its place in its column and some hundreds. */
function snapshotFrom(hundreds: number, rttBucketCount: number): TallySnapshot {
  const columns = emptyColumns(rttBucketCount);
  for (const name of COLUMNS) {
    const column = columns[name];
    for (let at = 0; at < column.length; at += 1) column[at] = hundreds * 1000 + at;
  }
  return { ...columns, takenAtSeconds: 1_700_000_000, rttBucketCount };
}

function rowOf(columns: TallyColumns, name: TallyColumn, row: number, width: number): number[] {
  return [...columns[name].subarray(row * width, (row + 1) * width)];
}

for (const name of COLUMNS) {
  const claim = isGauge(name) ? "is that of the engine of now" : "is the sum of both engines";
  test(`${name} of a joined row ${claim}`, () => {
    const before = snapshotFrom(1, RTT_BUCKET_COUNT);
    const now = snapshotFrom(2, RTT_BUCKET_COUNT);
    for (const order of ["before first", "now first"]) {
      const to = emptyColumns(RTT_BUCKET_COUNT);
      const joins = [
        { from: before, inner: 1, to, number: 3, isCurrent: false },
        { from: now, inner: 2, to, number: 3, isCurrent: true },
      ];
      for (const join of order === "now first" ? joins.toReversed() : joins) joinRow(join);
      const width = columnWidth(name, RTT_BUCKET_COUNT);
      const earlier = rowOf(before, name, 1, width);
      const latest = rowOf(now, name, 2, width);
      const sum = latest.map((value, at) => value + (earlier[at] ?? 0));
      assert.deepEqual(rowOf(to, name, 3, width), isGauge(name) ? latest : sum, order);
      for (const other of [0, 1, 2]) {
        assert.ok(rowOf(to, name, other, width).every((value) => value === 0));
      }
    }
  });
}

test("an unknown gauge stays unknown, whatever it was in the other engine", () => {
  const before = snapshotFrom(1, RTT_BUCKET_COUNT);
  const now = snapshotFrom(2, RTT_BUCKET_COUNT);
  now.up[1] = Number.NaN;
  const to = emptyColumns(RTT_BUCKET_COUNT);
  joinRow({ from: now, inner: 1, to, number: 1, isCurrent: true });
  joinRow({ from: before, inner: 1, to, number: 1, isCurrent: false });
  assert.equal(to.up[1], Number.NaN);
});

test("buckets keep their places in a row that has room for more", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat({ max: 1e9 }), { minLength: 3, maxLength: 40 }), {
        minLength: 1,
        maxLength: 2,
      }),
      fc.nat({ max: 10 }),
      (counts, more) => {
        const widest = Math.max(...counts.map(({ length }) => length)) + more;
        const to = emptyColumns(widest);
        for (const [at, buckets] of counts.entries()) {
          const columns = emptyColumns(buckets.length);
          columns.rttBuckets.set(buckets, buckets.length);
          const from = { ...columns, takenAtSeconds: 0, rttBucketCount: buckets.length };
          joinRow({ from, inner: 1, to, number: 2, isCurrent: at === 0 });
        }
        const sums = Array.from({ length: widest }, (_, at) =>
          counts.reduce((sum, buckets) => sum + (buckets[at] ?? 0), 0),
        );
        assert.deepEqual(rowOf(to, "rttBuckets", 2, widest), sums);
      },
    ),
  );
});
