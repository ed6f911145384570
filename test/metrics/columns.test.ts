import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Columns, ColumnsFullError } from "../../src/metrics/columns.ts";

test("rows keep their numbers through any adding and removing, and come back as 0", () => {
  const step = fc.oneof(fc.constant("add" as const), fc.nat(400));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const columns = new Columns({ one: 1, three: 3 }, 1000);
      const live = new Map<number, number>();
      let mark = 0;
      for (const next of steps) {
        if (next === "add") {
          const row = columns.add();
          assert.equal(live.has(row), false, "the row is in use");
          assert.equal(columns.arrays.one[row], 0);
          assert.deepEqual([...columns.arrays.three.subarray(row * 3, row * 3 + 3)], [0, 0, 0]);
          mark += 1;
          columns.arrays.one[row] = mark;
          columns.arrays.three.fill(-mark, row * 3, row * 3 + 3);
          live.set(row, mark);
        } else {
          const row = [...live.keys()][next % Math.max(1, live.size)];
          if (row === undefined) continue;
          columns.remove(row);
          live.delete(row);
        }
      }
      for (const [row, want] of live) {
        assert.equal(columns.arrays.one[row], want);
        assert.deepEqual(
          [...columns.arrays.three.subarray(row * 3, row * 3 + 3)],
          [-want, -want, -want],
        );
      }
    }),
    { numRuns: 50 },
  );
});

test("add() refuses a row beyond the limit and takes one again after a removal", () => {
  const columns = new Columns({ one: 1 }, 2);
  columns.add();
  const row = columns.add();
  assert.throws(() => columns.add(), ColumnsFullError);
  columns.remove(row);
  assert.equal(columns.add(), row);
});

test("10,000 rows take at most an eighth more room than they need", () => {
  const columns = new Columns({ one: 1 }, 2 ** 18);
  for (let row = 0; row < 10_000; row += 1) columns.add();
  assert.ok(columns.arrays.one.length <= 10_000 * 1.125 + 1, `${columns.arrays.one.length} rows`);
});
