import assert from "node:assert/strict";
import { test } from "node:test";
import { batchMark } from "../../../src/icmp/loop/batch-mark.ts";
import { STREAM, TalliedStream } from "../../support/tallied-stream.ts";

const single = [
  { name: "answered", end: "answered", want: 1 },
  { name: "lost", end: "lost", want: 0 },
  { name: "unsent", end: "unsent", want: 0 },
  { name: "suspect", end: "suspect", want: Number.NaN },
] as const;
for (const { name, end, want } of single) {
  test(`up is ${want} after a batch of one echo ${name}`, () => {
    const stream = new TalliedStream();
    stream[end]();
    assert.equal(stream.up(), want);
    assert.equal(stream.columns().lastFinishedSeconds[STREAM], stream.wall);
  });
}

type End = "answered" | "lost" | "unsent" | "suspect";
const batches: readonly { name: string; ends: readonly End[]; want: number }[] = [
  { name: "all answered", ends: ["answered", "answered", "answered"], want: 1 },
  { name: "one answered, first", ends: ["answered", "lost", "lost"], want: 1 },
  { name: "one answered, last", ends: ["lost", "unsent", "answered"], want: 1 },
  { name: "one answered beside a suspect", ends: ["answered", "lost", "suspect"], want: 1 },
  { name: "all lost", ends: ["lost", "lost", "lost"], want: 0 },
  { name: "all suspect", ends: ["suspect", "suspect", "suspect"], want: Number.NaN },
];
for (const { name, ends, want } of batches) {
  test(`up is ${want} after a batch with ${name}`, () => {
    const stream = new TalliedStream();
    for (const [at, end] of ends.entries()) {
      if (!ends.slice(0, at).includes("answered")) {
        assert.equal(stream.up(), Number.NaN, `unknown after ${at} of ${ends.length}`);
      }
      assert.equal(stream.columns().lastFinishedSeconds[STREAM], Number.NaN);
      stream[end]({ mark: batchMark(7, at === ends.length - 1) });
    }
    assert.equal(stream.up(), want);
    assert.equal(stream.columns().lastFinishedSeconds[STREAM], stream.wall);
  });
}

test("an answer after the last echo of its batch was refused makes the target up", () => {
  const stream = new TalliedStream();
  stream.unsent({ mark: batchMark(1, true) });
  stream.answered({ mark: batchMark(1, false) });
  assert.equal(stream.up(), 1);
});

test("two batches in flight at once end each for itself", () => {
  const stream = new TalliedStream();
  stream.answered({ mark: batchMark(1, false) });
  stream.lost({ mark: batchMark(2, false) });
  stream.lost({ mark: batchMark(1, true) });
  assert.equal(stream.up(), 1, "the first had an answer");
  stream.lost({ mark: batchMark(2, true) });
  assert.equal(stream.up(), 0, "the second had none");
});

test("an older batch that ends without an answer does not put a newer answer in doubt", () => {
  const stream = new TalliedStream();
  stream.answered({ mark: batchMark(5, true) });
  for (const batch of [2, 3, 4]) stream.lost({ mark: batchMark(batch, true) });
  assert.equal(stream.up(), 1);
  assert.equal(stream.columns().lastRttSeconds[STREAM], 0.01);
});

test("a target whose echoes wait longer than an interval goes down and comes up again", () => {
  for (const unfinished of [1, 2, 5, 50, 10_000]) {
    const stream = new TalliedStream();
    stream.answered({ mark: batchMark(0, true) });
    // The ends of the outage's batches come while `unfinished` newer ones are in flight.
    for (let batch = 1; batch < 20; batch += 1) {
      stream.lost({ mark: batchMark(batch, false) });
      stream.lost({ mark: batchMark(batch, true) });
      assert.equal(stream.up(), 0);
    }
    stream.answered({ mark: batchMark(20 + unfinished, true) });
    for (let batch = 20; batch < 20 + unfinished; batch += 1) {
      stream.lost({ mark: batchMark(batch, true) });
      if (batch % 50 === 0) assert.equal(stream.up(), 1, `${unfinished} batches at once`);
    }
    stream.lost({ mark: batchMark(21 + unfinished, true) });
    assert.equal(stream.up(), 0);
  }
});

for (const outage of [1, 65, 16_383, 16_384, 16_385, 32_767, 32_768, 40_000]) {
  test(`after an outage of ${outage} batches each batch decides anew`, () => {
    const stream = new TalliedStream();
    let batch = 3;
    const mark = (): number => {
      batch += 1;
      return batchMark(batch, true);
    };
    stream.answered({ mark: mark() });
    for (let at = 0; at < outage; at += 1) {
      stream.lost({ mark: mark() });
      if (at % 100 === 0) assert.equal(stream.up(), 0, `lost ${at}`);
    }
    for (let at = 0; at < 150; at += 1) {
      stream.answered({ mark: mark() });
      assert.equal(stream.up(), 1);
      stream.lost({ mark: mark() });
      assert.equal(stream.up(), 0, `lost after the answer ${at}`);
    }
  });
}
