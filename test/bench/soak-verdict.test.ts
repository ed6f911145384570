import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostCounts } from "../../bench/soak/messages.ts";
import type { SoakResult } from "../../bench/soak/soak-run.ts";
import { descriptorSpread, differences, memoryGrowth } from "../../bench/soak/verdict.ts";
import { zeroTotals } from "../netlab/record.ts";

const ADDRESS = "10.90.0.0";
/** Ten echoes sent, two of them while the host was down, one answered too late. */
const COUNTS: HostCounts = {
  address: ADDRESS,
  echoes: 10,
  lost: 3,
  suspect: 0,
  unsent: 0,
  lateReplies: 1,
  duplicateReplies: 0,
  corruptReplies: 0,
};

function resultOf(options: {
  readonly counts?: HostCounts;
  readonly megabytesAt?: (second: number) => number;
  readonly descriptorsAt?: (second: number) => number;
}): SoakResult {
  const totals = zeroTotals();
  totals.received = 10;
  totals.fates.answered = 8;
  totals.fates.down = 2;
  totals.packets.reply = 8;
  const { counts = COUNTS, megabytesAt = () => 100, descriptorsAt = () => 20 } = options;
  return {
    run: { seconds: 600, targets: 1, warmUpSeconds: 60 },
    samples: Array.from({ length: 600 }, (_, index) => ({
      atSeconds: index + 1,
      residentBytes: megabytesAt(index + 1) * 1e6,
      descriptors: descriptorsAt(index + 1),
    })),
    counts: {
      hosts: [counts],
      changes: { added: 1, removed: 1 },
      scrapes: 1,
      samples: 1,
      socketDrops: 0,
      missedTicks: 0,
      stampsMissing: 0,
      foreignPackets: 0,
    },
    far: [],
    lab: [{ counts, record: { address: ADDRESS, totals, echoes: [], isTruncated: true } }],
    labTotals: {
      ...totals,
      pending: 0,
      unscripted: 0,
      ignored: 0,
      refused: 0,
      deviceDrops: 0,
    },
    problems: [],
  };
}

test("differences() finds none where a late reply explains the loss the lab does not know", () => {
  assert.deepEqual(differences(resultOf({})), []);
});

const wrongs = [
  { name: "an echo too many", counts: { ...COUNTS, echoes: 11 }, count: 2 },
  { name: "a loss too many", counts: { ...COUNTS, lost: 4 }, count: 2 },
  { name: "a duplicate", counts: { ...COUNTS, duplicateReplies: 1 }, count: 1 },
] as const;

for (const { name, counts, count } of wrongs) {
  test(`differences() finds ${name}`, () => {
    assert.equal(differences(resultOf({ counts })).length, count);
  });
}

test("memoryGrowth() compares the end with the time after the warm-up", () => {
  const growth = memoryGrowth(resultOf({ megabytesAt: (second) => (second < 60 ? 50 : 100) }));
  assert.equal(growth, 0);
  const leak = memoryGrowth(resultOf({ megabytesAt: (second) => 100 + second / 10 }));
  assert.ok(leak > 0.45 && leak < 0.55, String(leak));
});

test("descriptorSpread() looks at the time after the warm-up alone", () => {
  assert.equal(descriptorSpread(resultOf({ descriptorsAt: (s) => (s < 60 ? 30 : 20) })), 0);
  assert.equal(descriptorSpread(resultOf({ descriptorsAt: (s) => (s === 300 ? 21 : 20) })), 1);
});
