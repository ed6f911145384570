import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as settled } from "node:timers/promises";
import { type Release, Turns } from "../../src/resolve/turns.ts";

const never = new AbortController().signal;

function line(turns: Turns): {
  readonly started: string[];
  readonly join: (name: string, isSlow: boolean, signal?: AbortSignal) => Promise<void>;
  readonly leave: (name: string) => Promise<void>;
} {
  const started: string[] = [];
  const held = new Map<string, Release>();
  return {
    started,
    join: async (name, isSlow, signal = never) => {
      turns.take(isSlow, signal).then(
        (release) => {
          started.push(name);
          held.set(name, release);
        },
        () => started.push(`${name} gave up`),
      );
      await settled();
    },
    leave: async (name) => {
      held.get(name)?.();
      await settled();
    },
  };
}

test("take() lets in as many as the limit and then the longest waiting", async () => {
  const { started, join, leave } = line(new Turns({ limit: 2, slowLimit: 1 }));
  for (const name of ["a", "b", "c", "d"]) await join(name, false);
  assert.deepEqual(started, ["a", "b"]);
  await leave("b");
  assert.deepEqual(started, ["a", "b", "c"]);
});

test("take() holds slow ones to their part and lets others pass them", async () => {
  const { started, join, leave } = line(new Turns({ limit: 2, slowLimit: 1 }));
  await join("slow 1", true);
  await join("slow 2", true);
  await join("quick 1", false);
  await join("quick 2", false);
  assert.deepEqual(started, ["slow 1", "quick 1"]);
  await leave("slow 1");
  assert.deepEqual(started, ["slow 1", "quick 1", "quick 2"]);
  await leave("quick 1");
  assert.deepEqual(started, ["slow 1", "quick 1", "quick 2", "slow 2"]);
});

test("take() forgets a waiter whose signal is aborted", async () => {
  const { started, join, leave } = line(new Turns({ limit: 1, slowLimit: 1 }));
  const giveUp = new AbortController();
  await join("a", false);
  await join("b", false, giveUp.signal);
  await join("c", false);
  giveUp.abort();
  await leave("a");
  assert.deepEqual(started, ["a", "b gave up", "c"]);
});

test("a turn given back twice counts once", async () => {
  const { started, join, leave } = line(new Turns({ limit: 1, slowLimit: 1 }));
  for (const name of ["a", "b", "c"]) await join(name, false);
  await leave("a");
  await leave("a");
  assert.deepEqual(started, ["a", "b"]);
});
