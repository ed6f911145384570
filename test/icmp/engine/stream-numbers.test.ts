import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StreamNumbers } from "../../../src/icmp/engine/stream-numbers.ts";

test("numbers begin at 1, and the one that rested longest is given out again", () => {
  const numbers = new StreamNumbers();
  assert.deepEqual([numbers.take(), numbers.take(), numbers.take()], [1, 2, 3]);
  numbers.free(2);
  numbers.free(1);
  assert.deepEqual([numbers.take(), numbers.take(), numbers.take()], [2, 1, 4]);
  assert.equal(numbers.highest, 4);
});

test("no number is given out twice, and no more than are needed at once", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 5000 }), (steps) => {
      const numbers = new StreamNumbers();
      const taken: number[] = [];
      let most = 0;
      for (const isTake of steps) {
        if (isTake) {
          const number = numbers.take();
          assert.ok(!taken.includes(number));
          taken.push(number);
          most = Math.max(most, taken.length);
        } else {
          const number = taken.shift();
          if (number !== undefined) numbers.free(number);
        }
      }
      assert.equal(numbers.highest, most);
    }),
    { numRuns: 50 },
  );
});

test("a list that is used up in front is given back, and keeps its order", () => {
  const numbers = new StreamNumbers();
  const first = Array.from({ length: 5000 }, () => numbers.take());
  for (const number of first) numbers.free(number);
  assert.deepEqual(
    Array.from({ length: 5000 }, () => numbers.take()),
    first,
  );
  assert.equal(numbers.highest, 5000);
});
