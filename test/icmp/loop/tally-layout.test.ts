import assert from "node:assert/strict";
import { test } from "node:test";
import { LOSS_REASONS } from "../../../src/icmp/echo.ts";
import {
  blockBytes,
  clearRow,
  columnsOf,
  copyRows,
  type TallyColumn,
} from "../../../src/icmp/loop/tally-layout.ts";
import { RTT_BUCKET_COUNT } from "../../../src/metrics/histogram.ts";

const names = Object.keys(columnsOf(new ArrayBuffer(blockBytes(0)))) as TallyColumn[];

const widths: Partial<Record<TallyColumn, number>> = {
  lostByReason: LOSS_REASONS.length,
  rttBuckets: RTT_BUCKET_COUNT,
};

for (const streams of [0, 1, 2, 64, 1001]) {
  test(`the columns of ${streams} streams lie side by side and fill the block`, () => {
    const block = new SharedArrayBuffer(blockBytes(streams));
    const columns = columnsOf(block);
    let end = 0;
    for (const name of names) {
      assert.equal(columns[name].byteOffset, end, name);
      assert.equal(columns[name].length, streams * (widths[name] ?? 1), name);
      end += columns[name].byteLength;
    }
    assert.equal(end, block.byteLength);
  });
}

test("both threads see the same numbers in one block", () => {
  const block = new SharedArrayBuffer(blockBytes(3));
  columnsOf(block).lost[2] = 42;
  assert.equal(columnsOf(block).lost[2], 42);
});

test("copyRows() copies the rows asked for into a block of another size", () => {
  const from = columnsOf(new ArrayBuffer(blockBytes(5)));
  for (const name of names) from[name].forEach((_, at) => (from[name][at] = at + 1));
  const to = columnsOf(new ArrayBuffer(blockBytes(9)));
  copyRows(from, to, 4);
  for (const name of names) {
    const width = widths[name] ?? 1;
    assert.deepEqual(to[name].subarray(0, 4 * width), from[name].subarray(0, 4 * width), name);
    assert.ok(
      to[name].subarray(4 * width).every((value) => value === 0),
      name,
    );
  }
});

test("clearRow() touches one row; counters become 0, the rest unknown", () => {
  const columns = columnsOf(new ArrayBuffer(blockBytes(4)));
  for (const name of names) columns[name].fill(7);
  clearRow(columns, 2);
  const unknown: readonly TallyColumn[] = [
    "lastRttSeconds",
    "jitterSeconds",
    "replyHopLimit",
    "lossRatio",
    "up",
    "lastFinishedSeconds",
  ];
  for (const name of names) {
    const width = widths[name] ?? 1;
    columns[name].forEach((value, at) => {
      const isCleared = Math.floor(at / width) === 2;
      assert.equal(value, isCleared ? (unknown.includes(name) ? Number.NaN : 0) : 7, name);
    });
  }
});
