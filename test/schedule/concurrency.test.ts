import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Concurrency } from "../../src/schedule/concurrency.ts";

type Item = { readonly name: string };

function bench(limit: number) {
  const started: string[] = [];
  const missed: string[] = [];
  const items = new Map<string, Item>();
  const concurrency = new Concurrency<Item>({
    limit,
    start: ({ name }) => started.push(name),
    onMissed: ({ name }) => missed.push(name),
  });
  const item = (name: string): Item => {
    const known = items.get(name) ?? { name };
    items.set(name, known);
    return known;
  };
  return {
    started,
    missed,
    concurrency,
    due: (...names: string[]) => {
      for (const name of names) concurrency.due(item(name), 0);
    },
    ended: (name: string, isTimeout = false) => concurrency.ended(item(name), isTimeout),
    remove: (name: string) => concurrency.remove(item(name)),
  };
}

test("at most the limit runs; the rest waits its turn in order", () => {
  const { due, ended, started, concurrency } = bench(2);
  due("a", "b", "c", "d");
  assert.deepEqual(started, ["a", "b"]);
  assert.deepEqual([concurrency.inFlight, concurrency.waiting], [2, 2]);
  ended("b");
  assert.deepEqual(started, ["a", "b", "c"]);
});

test("a due time that meets a running one is dropped and told", () => {
  const { due, ended, started, missed } = bench(2);
  due("a", "a");
  assert.deepEqual([started, missed], [["a"], ["a"]]);
  ended("a");
  due("a");
  assert.deepEqual(started, ["a", "a"]);
});

test("those that timed out last time wait behind those that answered", () => {
  const { due, ended, started } = bench(1);
  due("dead");
  ended("dead", true);
  due("a");
  due("dead", "b", "c");
  ended("a");
  ended("b");
  ended("c");
  assert.deepEqual(started, ["dead", "a", "b", "c", "dead"]);
});

test("the dead share half of the slots, so the living always find one", () => {
  const { due, ended, started } = bench(4);
  const dead = ["x1", "x2", "x3", "x4"];
  due(...dead);
  for (const name of dead) ended(name, true);
  due(...dead);
  assert.deepEqual(started.slice(4), ["x1", "x2"]);
  due("a", "b");
  assert.deepEqual(started.slice(6), ["a", "b"]);
});

test("one that waited a whole interval behind the living goes among them", () => {
  const { due, ended, started } = bench(1);
  due("dead");
  ended("dead", true);
  due("a", "dead", "b");
  due("dead", "c");
  ended("a");
  ended("b");
  assert.deepEqual(started, ["dead", "a", "b", "dead"]);
});

test("one that answers again is no longer behind", () => {
  const { due, ended, started } = bench(1);
  due("x");
  ended("x", true);
  due("x");
  ended("x");
  due("a", "x", "b");
  ended("a");
  assert.deepEqual(started, ["x", "x", "a", "x"]);
});

test("remove() of a running item holds its slot until it has ended, and forgets it then", () => {
  const { due, ended, remove, started, concurrency } = bench(1);
  due("a", "b", "c");
  remove("a");
  remove("b");
  assert.deepEqual(started, ["a"]);
  ended("a");
  assert.deepEqual(started, ["a", "c"]);
  ended("c");
  assert.equal(concurrency.inFlight, 0);
});

test("whatever happens, the limit holds, nothing runs twice at once, and none is forgotten", () => {
  const action = fc.record({
    kind: fc.constantFrom("due", "ended", "late"),
    name: fc.constantFrom("a", "b", "c", "d", "e"),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(action, { maxLength: 80 }),
      (limit, actions) => {
        const running = new Set<string>();
        const wanted = new Set<string>();
        const items = new Map(["a", "b", "c", "d", "e"].map((name) => [name, { name }]));
        const concurrency = new Concurrency<Item>({
          limit,
          start: ({ name }) => {
            assert.equal(running.has(name), false);
            running.add(name);
            wanted.delete(name);
            assert.ok(running.size <= limit);
          },
          onMissed: () => {},
        });
        for (const { kind, name } of actions) {
          const item = items.get(name) ?? { name };
          if (kind === "due") {
            if (!running.has(name)) wanted.add(name);
            concurrency.due(item, 0);
          } else if (running.delete(name)) concurrency.ended(item, kind === "late");
          assert.equal(concurrency.inFlight, running.size);
        }
        for (let round = 0; round < 20 && running.size > 0; round += 1) {
          for (const name of running) {
            running.delete(name);
            concurrency.ended(items.get(name) ?? { name }, false);
          }
        }
        assert.deepEqual([...wanted], []);
        assert.equal(concurrency.waiting, 0);
      },
    ),
  );
});
