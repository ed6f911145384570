import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentFault } from "../../../src/icmp/echo.ts";
import { SuspectShare } from "../../../src/icmp/loop/suspect-share.ts";

const NOW = 5000;

/** What ended, and how many seconds ago. */
type Ended = readonly [count: number, cause: AgentFault | "sound", secondsAgo: number];

const cases: readonly {
  readonly name: string;
  readonly ended: readonly Ended[];
  readonly causes: readonly AgentFault[];
}[] = [
  { name: "nothing ended", ended: [], causes: [] },
  { name: "all that ended is sound", ended: [[1000, "sound", 1]], causes: [] },
  { name: "the only one is suspect", ended: [[1, "stopped", 1]], causes: ["stopped"] },
  {
    name: "five in a hundred are: at the limit",
    ended: [
      [95, "sound", 1],
      [5, "socket_overflow", 1],
    ],
    causes: [],
  },
  {
    name: "six in a hundred are: over it",
    ended: [
      [94, "sound", 1],
      [6, "socket_overflow", 1],
    ],
    causes: ["socket_overflow"],
  },
  {
    name: "two causes are over it only together",
    ended: [
      [94, "sound", 1],
      [3, "clock_step", 2],
      [3, "socket_overflow", 1],
    ],
    causes: ["socket_overflow", "clock_step"],
  },
  {
    name: "they ended more than a minute ago",
    ended: [
      [100, "stopped", 61],
      [1, "sound", 1],
    ],
    causes: [],
  },
  { name: "all of it is more than a minute ago", ended: [[100, "stopped", 61]], causes: [] },
  {
    name: "one cause is older than a minute and the other is not",
    ended: [
      [100, "stopped", 61],
      [10, "sound", 10],
      [10, "clock_step", 10],
    ],
    causes: ["clock_step"],
  },
];

for (const { name, ended, causes } of cases) {
  const told = causes.length === 0 ? "no cause" : causes.join(" and ");
  test(`SuspectShare tells ${told} when ${name}`, () => {
    const share = new SuspectShare();
    for (const [count, cause, secondsAgo] of ended) {
      for (let at = 0; at < count; at += 1) {
        if (cause === "sound") share.addSound(NOW - secondsAgo);
        else share.addSuspect(cause, NOW - secondsAgo);
      }
    }
    assert.deepEqual(share.causes(NOW), causes);
  });
}

test("a measurement is sound again a minute after the last fault", () => {
  const share = new SuspectShare();
  for (let second = 0; second < 180; second += 1) {
    if (second < 30) share.addSuspect("stopped", NOW + second);
    else share.addSound(NOW + second);
    // The window's oldest part leaves as a whole: up to a twelfth of a minute early.
    if (second >= 30 && second < 80) assert.deepEqual(share.causes(NOW + second), ["stopped"]);
    if (second > 90) assert.deepEqual(share.causes(NOW + second), []);
  }
});
