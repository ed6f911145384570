import assert from "node:assert/strict";
import { test } from "node:test";
import { Alarm } from "../../src/schedule/alarm.ts";
import { fakeTimers } from "../support/fake-timers.ts";

type Item = { readonly name: string };

function bench(onDue: (item: Item, nowSeconds: number, alarm: Alarm<Item>) => void = () => {}) {
  const { clock, setTimer, timerCount, jump } = fakeTimers();
  const calls: [string, number, number][] = [];
  const alarm: Alarm<Item> = new Alarm({
    clock,
    setTimer,
    onDue: (item, dueSeconds, nowSeconds) => {
      calls.push([item.name, dueSeconds, nowSeconds]);
      onDue(item, nowSeconds, alarm);
    },
  });
  return { alarm, calls, timerCount, jump };
}

test("an item is called once, with its own time and the time of the round", () => {
  const { alarm, calls, timerCount, jump } = bench();
  alarm.set({ name: "a" }, 1);
  alarm.set({ name: "b" }, 2);
  assert.equal(timerCount(), 1);
  jump(3);
  jump(3);
  assert.deepEqual(calls, [
    ["a", 1, 3],
    ["b", 2, 3],
  ]);
  assert.equal(timerCount(), 0);
});

test("set() of an item that is there moves it, remove() forgets it and leaves no timer", () => {
  const { alarm, calls, timerCount, jump } = bench();
  const item = { name: "a" };
  alarm.set(item, 1);
  alarm.set(item, 2);
  jump(1);
  assert.deepEqual(calls, []);
  alarm.remove(item);
  assert.equal(timerCount(), 0);
  jump(5);
  assert.deepEqual(calls, []);
});

test("an item may be set again while it is called, and removes another of the same round", () => {
  const other = { name: "other" };
  const { alarm, calls, timerCount, jump } = bench((item, nowSeconds, own) => {
    own.set(item, nowSeconds + 1);
    own.remove(other);
  });
  alarm.set({ name: "a" }, 1);
  alarm.set(other, 1.5);
  jump(2);
  jump(1);
  assert.deepEqual(calls, [
    ["a", 1, 2],
    ["a", 3, 3],
  ]);
  assert.equal(timerCount(), 1);
});

test("a time that is over already is called at once, and a far one sleeps in pieces", () => {
  const { alarm, calls, jump } = bench();
  alarm.set({ name: "far" }, 10_000);
  jump(3_600);
  alarm.set({ name: "over" }, 5);
  jump(0);
  jump(3_600);
  jump(3_600);
  assert.deepEqual(calls, [
    ["over", 5, 3_600],
    ["far", 10_000, 10_800],
  ]);
});
