import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Concurrency } from "../../src/schedule/concurrency.ts";

type Item = { readonly name: string };

function bench(limit: number) {
  const started: string[] = [];
  const cut: string[] = [];
  const missed: string[] = [];
  const items = new Map<string, Item>();
  const concurrency = new Concurrency<Item>({
    limit,
    start: ({ name }, _dueSeconds, isExtra) => started.push(isExtra ? `${name}+` : name),
    cut: ({ name }) => cut.push(name),
    onMissed: ({ name }) => missed.push(name),
  });
  const item = (name: string): Item => {
    const known = items.get(name) ?? { name };
    items.set(name, known);
    return known;
  };
  return {
    started,
    cut,
    missed,
    concurrency,
    extra: (name: string) => concurrency.startExtra(item(name), 0),
    due: (...names: string[]) => {
      for (const name of names) concurrency.due(item(name), 0);
    },
    ended: (name: string, isTimeout = false) => concurrency.ended(item(name), isTimeout),
    endedCut: (name: string) => concurrency.ended(item(name), undefined),
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

test("an extra run starts only in a slot that nobody wants", () => {
  const { due, ended, extra, started, concurrency } = bench(4);
  due("a");
  assert.equal(extra("a"), false, "it runs already");
  assert.equal(extra("x"), true);
  assert.equal(extra("y"), true);
  assert.equal(extra("z"), false, "half of the slots are for due times");
  assert.deepEqual(started, ["a", "x+", "y+"]);
  ended("x");
  ended("y");
  due("b", "c", "d", "e");
  assert.equal(extra("x"), false, "somebody waits");
  assert.deepEqual([concurrency.inFlight, concurrency.waiting], [4, 1]);
});

test("a due time that meets an extra run of its item cuts it, and starts when it has ended", () => {
  const { due, endedCut, extra, started, cut, missed } = bench(4);
  extra("a");
  due("a");
  assert.deepEqual([started, cut], [["a+"], ["a"]]);
  endedCut("a");
  assert.deepEqual([started, missed], [["a+", "a"], []]);
});

test("of two due times that meet one extra run, the second is dropped and told", () => {
  const { due, endedCut, extra, started, cut, missed } = bench(4);
  extra("a");
  due("a", "a");
  endedCut("a");
  assert.deepEqual([started, cut, missed], [["a+", "a"], ["a"], ["a"]]);
});

test("a due time that finds no slot cuts the oldest extra run, once", () => {
  const { due, endedCut, extra, started, cut } = bench(2);
  extra("x");
  due("a");
  due("b");
  assert.deepEqual([started, cut], [["x+", "a"], ["x"]]);
  due("c");
  assert.deepEqual(cut, ["x"]);
  endedCut("x");
  assert.deepEqual(started, ["x+", "a", "b"]);
});

test("a due time of one that timed out last time cuts an extra run of another, too", () => {
  const { due, ended, endedCut, extra, started, cut } = bench(2);
  due("dead");
  ended("dead", true);
  extra("x");
  due("dead");
  assert.deepEqual(cut, ["x"]);
  endedCut("x");
  assert.deepEqual(started, ["dead", "x+", "dead"]);
});

test("a run that was cut leaves an item that timed out last time behind the others", () => {
  const { due, ended, endedCut, extra, started } = bench(2);
  due("dead");
  ended("dead", true);
  extra("dead");
  due("a", "dead", "b");
  endedCut("dead");
  ended("a");
  ended("b");
  assert.deepEqual(started, ["dead", "dead+", "a", "b", "dead"]);
});

test("remove() during an extra run forgets the due time that waits for it", () => {
  const { due, endedCut, extra, remove, started, concurrency } = bench(1);
  extra("a");
  due("a");
  remove("a");
  endedCut("a");
  assert.deepEqual(started, ["a+"]);
  assert.deepEqual([concurrency.inFlight, concurrency.waiting], [0, 0]);
});

const NAMES = ["a", "b", "c", "d", "e"] as const;
const action = fc.record({
  kind: fc.constantFrom("due", "extra", "ended", "late"),
  name: fc.constantFrom(...NAMES),
});

test("whatever happens, the limit holds, nothing runs twice at once, and no due time is forgotten", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(action, { maxLength: 80 }),
      (limit, actions) => {
        const running = new Map<string, boolean>();
        const cut = new Set<string>();
        const counts = { due: 0, started: 0, missed: 0 };
        const items = new Map<string, Item>(NAMES.map((name) => [name, { name }]));
        const concurrency = new Concurrency<Item>({
          limit,
          start: ({ name }, _dueSeconds, isExtra) => {
            assert.equal(running.has(name), false);
            running.set(name, isExtra);
            if (!isExtra) counts.started += 1;
            assert.ok(running.size <= limit);
          },
          cut: ({ name }) => {
            assert.equal(running.get(name), true, "only extra runs are cut");
            assert.equal(cut.has(name), false, "once");
            cut.add(name);
          },
          onMissed: () => {
            counts.missed += 1;
          },
        });
        const end = (name: string, isTimeout: boolean): void => {
          if (!running.delete(name)) return;
          concurrency.ended(items.get(name) ?? { name }, cut.delete(name) ? undefined : isTimeout);
        };
        for (const { kind, name } of actions) {
          const item = items.get(name) ?? { name };
          if (kind === "due") {
            counts.due += 1;
            concurrency.due(item, 0);
          } else if (kind === "extra") {
            const waiting = concurrency.waiting;
            if (concurrency.startExtra(item, 0)) assert.equal(waiting, 0);
          } else end(name, kind === "late");
          assert.equal(concurrency.inFlight, running.size);
        }
        for (let round = 0; round < 20 && running.size > 0; round += 1) {
          for (const name of running.keys()) end(name, false);
        }
        assert.equal(counts.due, counts.started + counts.missed);
        assert.equal(concurrency.waiting, 0);
      },
    ),
  );
});

test("due times start when they would without extra runs, as soon as what is cut has ended", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(action, { maxLength: 80 }),
      (limit, actions) => {
        const startsOf = (hasExtra: boolean): readonly string[] => {
          const starts: string[] = [];
          const grid = new Set<string>();
          const cut: Item[] = [];
          const items = new Map<string, Item>(NAMES.map((name) => [name, { name }]));
          const concurrency = new Concurrency<Item>({
            limit,
            start: ({ name }, _dueSeconds, isExtra) => {
              if (isExtra) return;
              starts.push(name);
              grid.add(name);
            },
            cut: (item) => cut.push(item),
            onMissed: () => {},
          });
          for (const { kind, name } of actions) {
            const item = items.get(name) ?? { name };
            if (kind === "due") concurrency.due(item, 0);
            else if (kind === "extra") {
              if (hasExtra) concurrency.startExtra(item, 0);
            } else if (grid.delete(name)) concurrency.ended(item, kind === "late");
            for (let one = cut.pop(); one !== undefined; one = cut.pop()) {
              concurrency.ended(one, undefined);
            }
            starts.push("|");
          }
          return starts;
        };
        assert.deepEqual(startsOf(true), startsOf(false));
      },
    ),
  );
});
