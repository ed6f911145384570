import assert from "node:assert/strict";
import { test } from "node:test";
import { LoopLag } from "../../../src/probe/worker/loop-lag.ts";
import { fakeClock } from "../../support/fake-clock.ts";

function bench() {
  const clock = fakeClock();
  let ticker: (() => void) | undefined;
  const lag = new LoopLag({
    clock,
    setTicker: (callback) => {
      ticker = callback;
      return () => {
        ticker = undefined;
      };
    },
  });
  return {
    lag,
    isTicking: () => ticker !== undefined,
    pass: (milliseconds: number) => clock.advanceSeconds(milliseconds / 1000),
    tick: () => ticker?.(),
  };
}

test("a probe during which every tick was punctual is not disturbed", () => {
  const { lag, pass, tick } = bench();
  const begun = lag.begin();
  for (let count = 0; count < 10; count += 1) {
    pass(5);
    tick();
  }
  assert.equal(lag.end(begun), false);
});

const delays = [
  { name: "10 ms late", milliseconds: 14.9, want: false },
  { name: "more than 10 ms late", milliseconds: 15.1, want: true },
  { name: "late by a whole stall", milliseconds: 500, want: true },
] as const;

for (const { name, milliseconds, want } of delays) {
  test(`a probe during which a tick was ${name} is ${want ? "" : "not "}disturbed`, () => {
    const { lag, pass, tick } = bench();
    const begun = lag.begin();
    pass(milliseconds);
    tick();
    pass(2);
    assert.equal(lag.end(begun), want);
  });
}

test("a probe that ends in the late turn itself, before the tick, is disturbed", () => {
  const { lag, pass } = bench();
  const begun = lag.begin();
  pass(80);
  assert.equal(lag.end(begun), true);
});

test("a stall before a probe began does not touch it", () => {
  const { lag, pass, tick } = bench();
  const first = lag.begin();
  pass(80);
  tick();
  pass(1);
  const second = lag.begin();
  pass(3);
  assert.equal(lag.end(second), false);
  assert.equal(lag.end(first), true);
});

test("nothing ticks while no probe is in flight", () => {
  const { lag, isTicking, pass } = bench();
  assert.equal(isTicking(), false);
  const one = lag.begin();
  const other = lag.begin();
  lag.end(one);
  assert.equal(isTicking(), true);
  lag.end(other);
  assert.equal(isTicking(), false);
  pass(1000);
  assert.equal(lag.end(lag.begin()), false);
});
