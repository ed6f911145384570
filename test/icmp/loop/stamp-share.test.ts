import assert from "node:assert/strict";
import { test } from "node:test";
import { StampShare } from "../../../src/icmp/loop/stamp-share.ts";

/** Answers with (`1`) and without (`0`) the kernel's stamps, in the order in which they came. */
const cases = [
  { name: "nothing yet, where stamps are asked for", answers: [], source: "kernel", missing: 0 },
  { name: "stamps alone", answers: [[1, 5000]], source: "kernel", missing: 0 },
  { name: "no stamps at all", answers: [[0, 3]], source: "send_call", missing: 3 },
  {
    name: "a stamp now and then missing",
    answers: [
      [1, 2],
      [0, 1],
      [1, 2],
    ],
    source: "kernel",
    missing: 1,
  },
  {
    name: "as many of the one as of the other",
    answers: [
      [1, 7],
      [0, 7],
    ],
    source: "kernel",
    missing: 7,
  },
  {
    name: "a driver that stops giving stamps after a million answers",
    answers: [
      [1, 1_000_000],
      [0, 1025],
    ],
    source: "send_call",
    missing: 1025,
  },
  {
    name: "a driver that gives stamps again after a million without",
    answers: [
      [0, 1_000_000],
      [1, 1025],
    ],
    source: "kernel",
    missing: 1_000_000,
  },
] as const;

for (const { name, answers, source, missing } of cases) {
  test(`StampShare of ${name}: ${source}, ${missing} missing`, () => {
    const share = new StampShare([true]);
    for (const [isStamped, count] of answers) {
      for (let at = 0; at < count; at += 1) share.add(0, isStamped === 1);
    }
    assert.deepEqual([share.source(0), share.missing], [source, missing]);
  });
}

test("a transport that asks for no stamps misses none, and times its send calls", () => {
  const share = new StampShare([false]);
  assert.equal(share.source(0), "send_call");
  for (let at = 0; at < 10; at += 1) share.add(0, false);
  assert.deepEqual([share.source(0), share.missing], ["send_call", 0]);
});

test("each transport has its own share; what is missing is counted over all", () => {
  const share = new StampShare([true, true, false]);
  share.add(0, true);
  share.add(1, false);
  share.add(2, false);
  assert.deepEqual(
    [0, 1, 2].map((transport) => share.source(transport)),
    ["kernel", "send_call", "send_call"],
  );
  assert.equal(share.missing, 1);
});
