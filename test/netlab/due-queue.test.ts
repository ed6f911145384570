import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DueQueue } from "./due-queue.ts";

test("DueQueue gives items by time, those of one time in the order they came", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 100 }), (times) => {
      const queue = new DueQueue<{ readonly time: number; readonly at: number }>();
      for (const [at, time] of times.entries()) queue.add(time, { time, at });
      const sorted = times
        .map((time, at) => ({ time, at }))
        .sort((a, b) => a.time - b.time || a.at - b.at);
      const taken = times.map(() => {
        assert.equal(queue.takeDue(queue.nextDueSeconds - 1), undefined);
        return queue.takeDue(queue.nextDueSeconds);
      });
      assert.deepEqual(taken, sorted);
      assert.equal(queue.size, 0);
      assert.equal(queue.nextDueSeconds, Number.POSITIVE_INFINITY);
    }),
  );
});
