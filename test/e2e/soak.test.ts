import assert from "node:assert/strict";
import { test } from "node:test";
import { isMet } from "../../bench/goal.ts";
import { runSoak } from "../../bench/soak/soak-run.ts";
import { complaintLines, soakGoals, sum } from "../../bench/soak/verdict.ts";
import { canRunLab } from "../netlab/can-run.ts";

const skip = (await canRunLab()) ?? false;

/** A twentieth of the targets of `npm run bench:soak`, and a tenth of its time. */
const RUN = { targets: 1_000, seconds: 60, warmUpSeconds: 20 };
/** A small heap after a short time moves by more than the full run's 5 %; a leak of each change moves more still. */
const MAX_GROWTH = 0.25;

test("a minute of targets coming and going loses nothing, counts as the lab does and leaks nothing", {
  skip,
}, async (t) => {
  const result = await runSoak(RUN, new AbortController().signal);
  for (const line of complaintLines(result)) t.diagnostic(line);
  for (const goal of soakGoals(result, MAX_GROWTH)) {
    await t.test(`${goal.name}: ${goal.bound} ${goal.limit} ${goal.unit}`.trimEnd(), () => {
      assert.ok(isMet(goal), `it was ${goal.measured} ${goal.unit}`);
    });
  }
  await t.test("and the run was the one it claims to be", () => {
    const { far, lab, counts } = result;
    // All of them at the end, so a third of them before it.
    assert.ok(counts.changes.removed > 1.3 * RUN.targets, "targets came and went");
    assert.ok(counts.scrapes > 0 && counts.samples > 0, "and were scraped");
    assert.ok(far.every(({ echoes }) => echoes > 0));
    assert.ok(lab.every(({ counts: { echoes } }) => echoes > 0));
    assert.ok(sum(lab.map(({ record }) => record.totals.fates.down)) > 0, "hosts were down");
  });
});
