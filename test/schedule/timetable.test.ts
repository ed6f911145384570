import assert from "node:assert/strict";
import { test } from "node:test";
import { Timetable } from "../../src/schedule/timetable.ts";
import { fakeTimers } from "../support/fake-timers.ts";

function bench() {
  const { clock, setTimer, timerCount, jump } = fakeTimers();
  const due: [string, number][] = [];
  const missed: [string, number][] = [];
  const timetable = new Timetable<{ name: string }>({
    clock,
    setTimer,
    onDue: ({ name }, dueSeconds) => due.push([name, dueSeconds]),
    onMissed: ({ name }, ticks) => missed.push([name, ticks]),
  });
  return { timetable, due, missed, timerCount, jump };
}

test("items are due at their own place in each interval, behind one timer", () => {
  const { timetable, due, timerCount, jump } = bench();
  timetable.add({ name: "a" }, { intervalSeconds: 4, phase: 0.25 });
  timetable.add({ name: "b" }, { intervalSeconds: 4, phase: 0.75 });
  assert.equal(timerCount(), 1);
  for (let second = 0; second < 8; second += 1) jump(1);
  assert.deepEqual(due, [
    ["a", 1],
    ["b", 3],
    ["a", 5],
    ["b", 7],
  ]);
  assert.equal(timerCount(), 1);
});

test("ticks that passed in a stall are dropped and told, and the grid stays", () => {
  const { timetable, due, missed, jump } = bench();
  timetable.add({ name: "a" }, { intervalSeconds: 1, phase: 0.5 });
  jump(10);
  assert.deepEqual(due, [["a", 0.5]]);
  assert.deepEqual(missed, [["a", 9]]);
  jump(0.5);
  assert.deepEqual(due.at(-1), ["a", 10.5]);
});

test("a removed item is due no more, and no timer stays behind", () => {
  const { timetable, due, timerCount, jump } = bench();
  const item = { name: "a" };
  timetable.add(item, { intervalSeconds: 1, phase: 0.5 });
  timetable.remove(item);
  assert.equal(timerCount(), 0);
  jump(5);
  assert.deepEqual(due, []);
});

test("stop() forgets everything", () => {
  const { timetable, timerCount } = bench();
  for (const name of ["a", "b", "c"]) timetable.add({ name }, { intervalSeconds: 1, phase: 0 });
  timetable.stop();
  assert.equal(timerCount(), 0);
});
