import assert from "node:assert/strict";
import { test } from "node:test";
import { OutcomeBatch } from "../../../src/probe/worker/outcome-batch.ts";

function bench() {
  const sent: (readonly number[])[] = [];
  const timers: { callback: () => void; readonly afterSeconds: number; isSet: boolean }[] = [];
  const batch = new OutcomeBatch<number>({
    send: (values) => sent.push(values),
    setTimer: (callback, afterSeconds) => {
      const timer = { callback, afterSeconds, isSet: true };
      timers.push(timer);
      return () => {
        timer.isSet = false;
      };
    },
  });
  return { batch, sent, timers };
}

test("values wait for a tenth of a second after the first", () => {
  const { batch, sent, timers } = bench();
  batch.add(1);
  batch.add(2);
  assert.deepEqual(
    timers.map(({ afterSeconds }) => afterSeconds),
    [0.1],
  );
  assert.deepEqual(sent, []);
  timers[0]?.callback();
  assert.deepEqual(sent, [[1, 2]]);
});

test("a hundred values do not wait, and leave no timer", () => {
  const { batch, sent, timers } = bench();
  for (let value = 0; value < 100; value += 1) batch.add(value);
  assert.deepEqual(
    sent.map(({ length }) => length),
    [100],
  );
  assert.equal(timers[0]?.isSet, false);
});

test("flush() of nothing sends nothing", () => {
  const { batch, sent } = bench();
  batch.flush();
  assert.deepEqual(sent, []);
});
