import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DueHeap } from "../../src/schedule/due-heap.ts";

type Item = { readonly name: number };

test("takeDue() leaves alone what is not due yet", () => {
  const heap = new DueHeap<Item>();
  heap.add({ name: 1 }, 5);
  assert.equal(heap.takeDue(4.999), undefined);
  assert.equal(heap.takeDue(5)?.item.name, 1);
  assert.equal(heap.size, 0);
  assert.equal(heap.earliestSeconds, undefined);
});

test("add() of an item that is there moves it", () => {
  const heap = new DueHeap<Item>();
  const item = { name: 1 };
  heap.add(item, 5);
  heap.add(item, 3);
  assert.equal(heap.size, 1);
  assert.equal(heap.earliestSeconds, 3);
});

const action = fc.oneof(
  fc.record({ kind: fc.constant("add"), name: fc.nat(20), due: fc.nat(100) }),
  fc.record({ kind: fc.constant("remove"), name: fc.nat(20), due: fc.constant(0) }),
);

test("whatever was added and removed, items come out in the order they are due", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
      const heap = new DueHeap<Item>();
      const items = Array.from({ length: 21 }, (_, name) => ({ name }));
      const model = new Map<number, number>();
      for (const { kind, name, due } of actions) {
        const item = items[name];
        if (item === undefined) continue;
        if (kind === "add") {
          heap.add(item, due);
          model.set(name, due);
        } else {
          heap.remove(item);
          model.delete(name);
        }
        assert.equal(heap.size, model.size);
      }
      const dues: number[] = [];
      for (let due = heap.takeDue(1000); due !== undefined; due = heap.takeDue(1000)) {
        assert.equal(model.get(due.item.name), due.dueSeconds);
        model.delete(due.item.name);
        dues.push(due.dueSeconds);
      }
      assert.equal(model.size, 0);
      assert.deepEqual(
        dues,
        dues.toSorted((a, b) => a - b),
      );
    }),
  );
});
