import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EMPTY_LIST, SparseCounters } from "../../src/metrics/sparse-counters.ts";

function countsOf(counters: SparseCounters, list: number): Map<number, number> {
  const counts = new Map<number, number>();
  counters.forEach(list, (key, count) => counts.set(key, count));
  return counts;
}

test("lists count apart, whatever the order, and a cleared one leaves the others alone", () => {
  const step = fc.record({ list: fc.nat(3), key: fc.nat(5), isClear: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const counters = new SparseCounters(4 * 6);
      const heads = [EMPTY_LIST, EMPTY_LIST, EMPTY_LIST, EMPTY_LIST];
      const model = heads.map(() => new Map<number, number>());
      for (const { list, key, isClear } of steps) {
        const counts = model[list] ?? new Map<number, number>();
        if (isClear && key === 0) {
          counters.clear(heads[list] ?? EMPTY_LIST);
          heads[list] = EMPTY_LIST;
          counts.clear();
        } else {
          heads[list] = counters.increment(heads[list] ?? EMPTY_LIST, key);
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
      }
      for (const [list, counts] of model.entries()) {
        assert.deepEqual(countsOf(counters, heads[list] ?? EMPTY_LIST), counts);
      }
    }),
  );
});
